using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Kubernetes.Client.Access;

/// <summary>How a user of a kubeconfig proves who they are, in kubectl's order.</summary>
internal static class KubeconfigCredentials
{
    public static Func<TimeProvider, ICredential> Of(Kubeconfig.UserEntry? user, ExecClusterInfo cluster, Uri address, string source)
    {
        // As kubectl does: credentials sent without TLS can be read on the wire. User and password of the address are still sent.
        var ofAddress = address.UserInfo.Length == 0 ? null : Basic(Uri.UnescapeDataString(address.UserInfo));
        if (user is null || address.Scheme != Uri.UriSchemeHttps)
        {
            return _ => new FixedCredential(ofAddress, null);
        }

        var owner = $"user '{user.Name}' in {source}";
        var certificate = ClientCertificate(user, owner);
        if (ofAddress is not null)
        {
            return _ => new FixedCredential(ofAddress, certificate);
        }

        var header = Header(user);
        if (Kubeconfig.Beside(user.File, user.Extras.TokenFile) is { } tokenFile)
        {
            return clock => new TokenFileCredential(tokenFile, owner, clock) { Fallback = header, Fixed = certificate };
        }

        if (header is not null)
        {
            return _ => new FixedCredential(header, certificate);
        }

        // A plugin is asked only where nothing else names the user.
        if (user.Credentials.ExternalExecution is { } exec && certificate is null)
        {
            var plugin = new ExecPlugin(exec, user.File, owner, cluster);
            return clock => new ExecCredential(plugin, clock);
        }

        return certificate is not null
            ? _ => new FixedCredential(null, certificate)
            : throw new ClusterAccessException(
                $"the {owner} has no credentials that work here "
                + "(token, tokenFile, client certificate with key, username with password, exec): log in to the cluster again.");
    }

    private static AuthenticationHeaderValue? Header(Kubeconfig.UserEntry user)
    {
        var written = user.Credentials;
        if (!string.IsNullOrEmpty(written.Token))
        {
            return new AuthenticationHeaderValue("Bearer", written.Token.Trim());
        }

        return string.IsNullOrEmpty(written.UserName) ? null : Basic($"{written.UserName}:{written.Password}");
    }

    private static AuthenticationHeaderValue Basic(string userAndPassword)
    {
        var pair = userAndPassword.Contains(':', StringComparison.Ordinal) ? userAndPassword : $"{userAndPassword}:";
        return new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
    }

    private static X509Certificate2? ClientCertificate(Kubeconfig.UserEntry user, string owner)
    {
        var written = user.Credentials;
        var certificate = Pem(written.ClientCertificateData, written.ClientCertificate, "client-certificate");
        var key = Pem(written.ClientKeyData, written.ClientKey, "client-key");
        return certificate is null || key is null ? null : Certificates.ClientCertificate(certificate, key, owner);

        string? Pem(string? data, string? path, string member)
        {
            if (!string.IsNullOrEmpty(data))
            {
                return Certificates.Decode(data, $"{member}-data of {owner}");
            }

            return Kubeconfig.Beside(user.File, path) is { } file ? Certificates.Read(file, $"{member} of {owner}") : null;
        }
    }
}
