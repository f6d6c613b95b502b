using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace OAuth;

/// <summary>
/// Reaches a server without asking it for anything, for people who look for a fault: whether there is an answer, by which certificate, and
/// what its clock says. Held to the hosts of the policy, as every request.
/// </summary>
/// <param name="policy">The hosts.</param>
/// <param name="options">Settings of the connection.</param>
/// <param name="time">The clock that is compared, and that of the deadline.</param>
public sealed class ServerContact(HostPolicy policy, OAuthHttpOptions options, TimeProvider time)
{
    private const int MaxBytes = 1024 * 1024;

    /// <summary>Time for all of it. The default is 8 s, as for a token request.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>One GET. Any answer will do, whatever its status.</summary>
    /// <exception cref="OperationCanceledException">Only when <paramref name="cancellationToken"/> is cancelled.</exception>
    public async Task<ContactOutcome> LookAsync(Uri address, CancellationToken cancellationToken)
    {
        ServerCertificate? certificate = null;
        using var http = OAuthHttp.CreateClient(policy, options with { CertificateSeen = seen => certificate = seen });
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        var result = await new WireExchange(http, time, Timeout, MaxBytes).SendAsync(request, cancellationToken);
        return result switch
        {
            WireResult.Answer answer => new ContactOutcome(null) { Clock = answer.Clock, Certificate = certificate },
            WireResult.Failed failed => new ContactOutcome(failed.Cause) { Certificate = certificate },
            _ => new ContactOutcome(null) { Certificate = certificate },
        };
    }
}

/// <summary>What came of it.</summary>
/// <param name="Failure">Why there was no answer, in a few words; null when there was one.</param>
public sealed record ContactOutcome(string? Failure)
{
    /// <summary>This machine's clock beside the server's; null where the answer does not say.</summary>
    public ClockReading? Clock { get; init; }

    /// <summary>The certificate that the server showed; null where there was none, or where it was not reached.</summary>
    public ServerCertificate? Certificate { get; init; }
}

/// <summary>A server's certificate and what the platform finds wrong with it.</summary>
public sealed record ServerCertificate
{
    /// <summary>Its subject.</summary>
    public required string Subject { get; init; }

    /// <summary>Who signed it.</summary>
    public required string Issuer { get; init; }

    /// <summary>The host names that it is for; empty where it has none.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>From when it is valid.</summary>
    public required DateTimeOffset NotBefore { get; init; }

    /// <summary>Until when it is valid.</summary>
    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>True when it is for another host than the one that was asked.</summary>
    public bool IsOfAnotherHost { get; init; }

    /// <summary>True when a chain to a trusted root could not be built, or something in the chain is not valid.</summary>
    public bool IsUntrusted { get; init; }

    /// <summary>True when the server signed it itself.</summary>
    public bool IsSelfSigned => Subject == Issuer;

    /// <summary>What the platform says of the chain, in its short names; empty when nothing is wrong.</summary>
    public IReadOnlyList<string> ChainProblems { get; init; } = [];

    internal static ServerCertificate Of(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors) =>
        new()
        {
            Subject = PrintableText.Cut(certificate.Subject, MaxText),
            Issuer = PrintableText.Cut(certificate.Issuer, MaxText),
            Names =
            [
                .. certificate
                    .Extensions.OfType<X509SubjectAlternativeNameExtension>()
                    .SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(one => one.ToString())))
                    .Select(name => PrintableText.Cut(name, MaxText)),
            ],
            NotBefore = new DateTimeOffset(certificate.NotBefore),
            NotAfter = new DateTimeOffset(certificate.NotAfter),
            IsOfAnotherHost = errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch),
            IsUntrusted = errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors),
            ChainProblems = [.. (chain?.ChainStatus ?? []).Select(status => status.Status.ToString()).Distinct()],
        };

    private const int MaxText = 200;
}
