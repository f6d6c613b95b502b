namespace Kubernetes.Client.Access;

/// <summary>
/// The service account that Kubernetes mounts into a pod
/// (<see href="https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api"/>). The package's own
/// in-cluster configuration is not used: its folder is fixed, so that it could not be tested outside a pod, and its
/// token could not be read again after a 401.
/// </summary>
internal static class InClusterAccess
{
    public static ClusterAccess Load(AccessEnvironment environment)
    {
        var host = environment.Variable("KUBERNETES_SERVICE_HOST");
        var port = environment.Variable("KUBERNETES_SERVICE_PORT");
        if (string.IsNullOrEmpty(host) || !int.TryParse(port, System.Globalization.CultureInfo.InvariantCulture, out var number))
        {
            throw new ClusterAccessException(
                "no cluster found: there is no --kubeconfig, no KUBECONFIG, no ~/.kube/config, and this is no pod "
                + "(KUBERNETES_SERVICE_HOST is not set). Name a kubeconfig."
            )
            {
                IsNoCluster = true,
            };
        }

        var token = Mounted(environment, "token");
        var authority = Mounted(environment, "ca.crt");
        return new ClusterAccess
        {
            Server = new UriBuilder(Uri.UriSchemeHttps, host, number).Uri,
            Source = "in-cluster",
            IsInCluster = true,
            Namespace = File.ReadAllText(Mounted(environment, "namespace")).Trim(),
            Authorities = Certificates.Authorities(Certificates.Read(authority, "the service account"), authority),
            Proxy = ProxyChoice.FromEnvironment(environment.Variable, Uri.UriSchemeHttps),
            Credential = clock => new TokenFileCredential(token, "the service account of this pod", clock),
        };
    }

    private static string Mounted(AccessEnvironment environment, string file)
    {
        var path = Path.Combine(environment.ServiceAccountFolder, file);
        return File.Exists(path)
            ? path
            : throw new ClusterAccessException(
                $"{path} does not exist, so this pod has no service account token: set automountServiceAccountToken to true in the pod "
                + "or its service account."
            );
    }
}
