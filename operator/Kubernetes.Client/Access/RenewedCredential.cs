using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;

namespace Kubernetes.Client.Access;

/// <summary>A credential that is obtained from elsewhere and kept until it is stale or rejected; then another one is obtained.</summary>
internal abstract class RenewedCredential : ICredential, IDisposable
{
    private readonly SemaphoreSlim gate = new(1); // one attempt at a time; guards the header and the fields that an attempt sets
    private AuthenticationHeaderValue? header;

    public virtual X509Certificate2? ClientCertificate => null;

    /// <summary>
    /// True when the last obtained credential must not be used any more, and before the first one. Called with the gate held.
    /// </summary>
    protected abstract bool IsStale { get; }

    public async ValueTask<AuthenticationHeaderValue?> GetHeaderAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (IsStale)
            {
                header = await ObtainAsync(header, cancellationToken);
            }

            return header;
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask<bool> RenewAsync(
        AuthenticationHeaderValue? rejected,
        X509Certificate2? presented,
        CancellationToken cancellationToken
    )
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            // Many requests can be rejected at once; only the first of them obtains another.
            if (IsStill(rejected, presented))
            {
                header = await ObtainAsync(header, cancellationToken);
            }

            return !IsStill(rejected, presented);
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();

    private bool IsStill(AuthenticationHeaderValue? rejected, X509Certificate2? presented) =>
        Equals(header, rejected) && Certificates.AreSame(ClientCertificate, presented);

    /// <summary>
    /// The value of <c>Authorization</c> from where it comes; <paramref name="present"/> where there is no better one. Called with the gate
    /// held.
    /// </summary>
    protected abstract Task<AuthenticationHeaderValue?> ObtainAsync(
        AuthenticationHeaderValue? present,
        CancellationToken cancellationToken
    );
}
