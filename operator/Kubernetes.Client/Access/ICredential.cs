using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;

namespace Kubernetes.Client.Access;

/// <summary>Proves to the API server who we are.</summary>
internal interface ICredential
{
    /// <summary>
    /// The certificate to present in the TLS handshake, or null. Known once <see cref="GetHeaderAsync"/> has been awaited.
    /// </summary>
    X509Certificate2? ClientCertificate { get; }

    /// <summary>The value of <c>Authorization</c>, or null when the certificate says it all.</summary>
    /// <exception cref="ClusterAccessException">The credential cannot be obtained; the message says why and what to do.</exception>
    ValueTask<AuthenticationHeaderValue?> GetHeaderAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Gets a new credential after the API server refused header and certificate with 401. False when no other can be obtained, so that
    /// trying again is useless.
    /// </summary>
    ValueTask<bool> RenewAsync(AuthenticationHeaderValue? rejected, X509Certificate2? presented, CancellationToken cancellationToken);
}

/// <summary>A token, a password or a certificate that is written in the kubeconfig itself.</summary>
internal sealed class FixedCredential(AuthenticationHeaderValue? header, X509Certificate2? certificate) : ICredential
{
    public X509Certificate2? ClientCertificate => certificate;

    public ValueTask<AuthenticationHeaderValue?> GetHeaderAsync(CancellationToken cancellationToken) => ValueTask.FromResult(header);

    public ValueTask<bool> RenewAsync(
        AuthenticationHeaderValue? rejected,
        X509Certificate2? presented,
        CancellationToken cancellationToken
    ) => ValueTask.FromResult(false);
}
