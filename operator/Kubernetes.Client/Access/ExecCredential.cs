using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;

namespace Kubernetes.Client.Access;

/// <summary>What an exec plugin handed out, until shortly before it expires.</summary>
internal sealed class ExecCredential(ExecPlugin plugin, TimeProvider clock) : ICredential, IDisposable
{
    // A request may take a while to arrive and clocks differ a little: an answer this close to its end is asked for anew.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim gate = new(1); // one run of the plugin at a time; guards all fields
    private AuthenticationHeaderValue? header;
    private DateTimeOffset? expiresAt;
    private bool isKnown;

    public X509Certificate2? ClientCertificate { get; private set; }

    public async ValueTask<AuthenticationHeaderValue?> GetHeaderAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (!isKnown || clock.GetUtcNow() + Margin >= expiresAt)
            {
                await AskAsync(cancellationToken);
            }

            return header;
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask<bool> RenewAsync(AuthenticationHeaderValue? refused, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            // Many requests can be refused at once; only the first of them runs the plugin.
            if (Equals(header, refused))
            {
                await AskAsync(cancellationToken);
            }

            return !Equals(header, refused);
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        var status = await plugin.RunAsync(clock, cancellationToken);
        header = string.IsNullOrEmpty(status.Token) ? null : new AuthenticationHeaderValue("Bearer", status.Token);
        expiresAt = status.ExpirationTimestamp;
        if (status.HasCertificate)
        {
            ClientCertificate = Certificates.ClientCertificate(status.ClientCertificateData!, status.ClientKeyData!, $"the answer of {plugin.Description}");
        }

        isKnown = true;
    }
}
