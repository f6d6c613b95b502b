using k8s.KubeConfigModels;

namespace Kubernetes.Client.Access;

/// <summary>
/// What kubectl refuses before it asks a server (client-go's <c>clientcmd</c> validation): settings that contradict each other, where
/// guessing could mean another
/// account or an unchecked server.
/// </summary>
internal static class KubeconfigRules
{
    private static readonly string[] execVersions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

    /// <exception cref="ClusterAccessException">Names every problem of cluster and user.</exception>
    public static void Check(Kubeconfig.ClusterEntry cluster, Kubeconfig.UserEntry? user, string source)
    {
        List<string> problems = [.. OfCluster(cluster), .. user is null ? [] : OfUser(user)];
        if (problems.Count > 0)
        {
            throw new ClusterAccessException($"{source} cannot be used: {string.Join("; ", problems)}. Correct the file.");
        }
    }

    private static IEnumerable<string> OfCluster(Kubeconfig.ClusterEntry cluster)
    {
        var endpoint = cluster.Endpoint!;
        if (string.IsNullOrEmpty(endpoint.Server))
        {
            yield return $"cluster '{cluster.Name}' has no server";
        }

        if (IsSet(endpoint.CertificateAuthority) && IsSet(endpoint.CertificateAuthorityData))
        {
            yield return $"cluster '{cluster.Name}' has both certificate-authority and certificate-authority-data, "
                + "of which only one is allowed";
        }

        if (endpoint.SkipTlsVerify && (IsSet(endpoint.CertificateAuthority) || IsSet(endpoint.CertificateAuthorityData)))
        {
            yield return $"cluster '{cluster.Name}' has insecure-skip-tls-verify beside a certificate authority, which would not be used";
        }
    }

    private static IEnumerable<string> OfUser(Kubeconfig.UserEntry user)
    {
        var written = user.Credentials;
        if (IsSet(written.Token) && (IsSet(written.UserName) || IsSet(written.Password)))
        {
            yield return $"user '{user.Name}' has both token and username, of which only one is allowed";
        }

        if (IsSet(written.Token) && written.Token.Trim().Any(char.IsControl))
        {
            yield return $"user '{user.Name}' has a control character in its token";
        }

        if (IsSet(written.ClientCertificate) && IsSet(written.ClientCertificateData))
        {
            yield return $"user '{user.Name}' has both client-certificate and client-certificate-data, of which only one is allowed";
        }

        var hasCertificate = IsSet(written.ClientCertificate) || IsSet(written.ClientCertificateData);
        if (hasCertificate && !IsSet(written.ClientKey) && !IsSet(written.ClientKeyData))
        {
            yield return $"user '{user.Name}' has a client certificate without client-key or client-key-data";
        }

        foreach (var problem in OfImpersonation(user).Concat(written.ExternalExecution is { } exec ? OfExec(user, exec) : []))
        {
            yield return problem;
        }
    }

    private static IEnumerable<string> OfImpersonation(Kubeconfig.UserEntry user)
    {
        IReadOnlyList<string> groups = [.. (user.Credentials.ImpersonateGroups ?? []).OfType<string>()];
        var (name, extras) = (user.Credentials.Impersonate ?? string.Empty, user.Extras);
        List<string> more = [extras.ImpersonateUid ?? string.Empty, .. groups, .. extras.ImpersonateExtra.SelectMany(extra => extra.Value)];
        if (name.Length == 0 && (groups.Count > 0 || IsSet(extras.ImpersonateUid) || extras.ImpersonateExtra.Count > 0))
        {
            yield return $"user '{user.Name}' has as-uid, as-groups or as-user-extra without as";
        }

        // They become headers, and a line break would begin another header.
        if (more.Append(name).Any(value => value.Any(char.IsControl)))
        {
            yield return $"user '{user.Name}' has a control character in as, as-uid, as-groups or as-user-extra";
        }
    }

    private static IEnumerable<string> OfExec(Kubeconfig.UserEntry user, ExternalExecution exec)
    {
        if (!IsSet(exec.Command))
        {
            yield return $"exec of user '{user.Name}' has no command";
        }

        if (!execVersions.Contains(exec.ApiVersion))
        {
            yield return $"exec of user '{user.Name}' has apiVersion '{exec.ApiVersion}', "
                + $"and known are {string.Join(" and ", execVersions)}";
        }

        if ((exec.EnvironmentVariables ?? []).Any(variable => !IsSet(variable?.GetValueOrDefault("name"))))
        {
            yield return $"exec of user '{user.Name}' has an entry of env without a name";
        }

        switch (user.Extras.InteractiveMode)
        {
            case null when exec.ApiVersion == execVersions[0]:
                yield return $"exec of user '{user.Name}' has no interactiveMode, "
                    + $"which {exec.ApiVersion} requires: write Never or IfAvailable";
                break;
            case "Always":
                yield return $"exec of user '{user.Name}' has interactiveMode Always, "
                    + "but nobody can type here: use a login that needs no terminal";
                break;
            case not (null or "Never" or "IfAvailable"):
                yield return $"exec of user '{user.Name}' has interactiveMode '{user.Extras.InteractiveMode}', "
                    + "and known are Never, IfAvailable and Always";
                break;
        }
    }

    private static bool IsSet(string? value) => !string.IsNullOrEmpty(value);
}
