using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;

namespace Kubernetes.Client.Access;

/// <summary>What an exec plugin handed out, until shortly before it expires.</summary>
internal sealed class ExecCredential(ExecPlugin plugin, TimeProvider clock) : RenewedCredential
{
    // A request may take a while to arrive and clocks differ a little: a credential this close to its end is obtained again.
    private static readonly TimeSpan margin = TimeSpan.FromSeconds(30);

    private X509Certificate2? certificate;
    private DateTimeOffset? expiresAt;
    private bool isKnown;

    public override X509Certificate2? ClientCertificate => certificate;

    protected override bool IsStale => !isKnown || clock.GetUtcNow() + margin >= expiresAt;

    // By our clock. If the server's clock says that it has expired, running the plugin for every request would not help.
    private DateTimeOffset? EndOfCertificate() =>
        certificate is not null && new DateTimeOffset(certificate.NotAfter) is var end && end > clock.GetUtcNow() + margin ? end : null;

    protected override async Task<AuthenticationHeaderValue?> ObtainAsync(
        AuthenticationHeaderValue? present,
        CancellationToken cancellationToken
    )
    {
        var status = await plugin.RunAsync(clock, cancellationToken);
        certificate = status.HasCertificate
            ? Certificates.ClientCertificate(status.ClientCertificateData!, status.ClientKeyData!, $"the answer of {plugin.Description}")
            : null;
        expiresAt = status.ExpirationTimestamp ?? EndOfCertificate();
        isKnown = true;
        return string.IsNullOrEmpty(status.Token) ? null : new AuthenticationHeaderValue("Bearer", status.Token);
    }
}
