using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kubernetes.Client.Access;

namespace Kubernetes.Client.Http;

/// <summary>
/// Whether a server is the one that the access means, as Go decides it: each certificate among the authorities ends a chain, also an
/// intermediate one or the
/// server's own, and only alternative names count. The runtime alone takes nothing but self-signed roots for the end of a chain. Refusals
/// are exceptions, since only
/// they can say which of the two was wrong.
/// </summary>
internal sealed class ServerCertificateCheck(ClusterAccess access)
{
    private static readonly Oid serverAuthentication = new("1.3.6.1.5.5.7.3.1");

    /// <summary>For <see cref="SslClientAuthenticationOptions.RemoteCertificateValidationCallback"/>.</summary>
    public bool Accept(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 presented)
        {
            throw Untrusted("was not sent");
        }

        var host = ((SslStream)sender).TargetHostName;
        if (!presented.MatchesHostname(host, allowWildcards: true, allowCommonName: false))
        {
            throw Untrusted(
                $"is for {Names(presented)}, not for '{host}': correct the server address, or set tls-server-name of the cluster");
        }

        if (access.Authorities is { } authorities)
        {
            CheckChain(presented, authorities, chain);
        }
        else if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            throw Untrusted(presented, chain?.ChainStatus ?? [], "none of the authorities of this machine");
        }

        return true;
    }

    private void CheckChain(X509Certificate2 presented, X509Certificate2Collection authorities, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // a cluster's own authority publishes no revocation list
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        chain.ChainPolicy.ApplicationPolicy.Add(serverAuthentication);
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.ExtraStore.AddRange(authorities);
        chain.ChainPolicy.ExtraStore.AddRange(sent?.ChainPolicy.ExtraStore ?? []);
        chain.Build(presented);
        if (!EndsIn(authorities, chain))
        {
            var known = string.Join(", ", authorities.Select(authority => $"'{authority.Subject}'"));
            List<X509ChainStatus> found = [.. chain.ChainElements.SelectMany(element => element.ChainElementStatus)];
            throw Untrusted(presented, found, $"none of the cluster's authorities ({known})");
        }
    }

    // Compared by content: name and serial number alone can be copied by anybody.
    private static bool EndsIn(X509Certificate2Collection authorities, X509Chain chain)
    {
        foreach (var element in chain.ChainElements)
        {
            if (element.ChainElementStatus.Any(status => !IsAboutTrust(status)))
            {
                return false;
            }

            if (authorities.Any(authority => authority.RawDataMemory.Span.SequenceEqual(element.Certificate.RawDataMemory.Span)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsAboutTrust(X509ChainStatus status) =>
        status.Status is X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.PartialChain;

    private ClusterAccessException Untrusted(X509Certificate2 presented, IReadOnlyList<X509ChainStatus> found, string whom)
    {
        var faults = found.Where(status => !IsAboutTrust(status)).Select(status => status.Status).Distinct().ToList();
        if (faults.Contains(X509ChainStatusFlags.NotTimeValid))
        {
            return Untrusted(
                $"is valid from {presented.NotBefore.ToUniversalTime():u} to {presented.NotAfter.ToUniversalTime():u}, "
                + "or the one that signed it is out of date: renew it, or correct the clock of this machine");
        }

        var more = faults.Count == 0 ? string.Empty : $" ({string.Join(", ", faults)})";
        return Untrusted(
            $"was signed by '{presented.Issuer}', which {whom} vouches for{more}: "
            + "set certificate-authority or certificate-authority-data of the cluster to the authority that signed it");
    }

    private ClusterAccessException Untrusted(string why) => new($"the certificate of {access.Server} ({access.Source}) {why}.");

    private static string Names(X509Certificate2 certificate)
    {
        var alternatives = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().ToList();
        List<string> names =
        [
            .. alternatives.SelectMany(extension => extension.EnumerateDnsNames()),
            .. alternatives.SelectMany(extension => extension.EnumerateIPAddresses()).Select(address => address.ToString()),
        ];
        return names.Count == 0
            ? $"no name at all (subject '{certificate.Subject}')"
            : string.Join(", ", names.Select(name => $"'{name}'"));
    }
}
