using System.Security.Cryptography;

namespace VismaOperator.Testing.ApiServer.Cluster;

/// <summary>The files of one test cluster: keys, kubeconfig, etcd's data and the logs, in a folder of its own.</summary>
internal sealed class ClusterFolder
{
    /// <summary>Names a folder in which the logs of all clusters of a run are kept, for CI and for the search of a fault.</summary>
    public const string LogsVariable = "TEST_APISERVER_LOGS";

    private ClusterFolder(string root, string logs)
    {
        Root = root;
        Logs = logs;
    }

    public string Root { get; }

    public string Logs { get; }

    public string EtcdData => Path.Combine(Root, "etcd-data");

    public string AuthorityFile => Path.Combine(Root, "ca.crt");

    public string ServerCertificateFile => Path.Combine(Root, "server.crt");

    public string ServerKeyFile => Path.Combine(Root, "server.key");

    public string ServiceAccountKeyFile => Path.Combine(Root, "service-account.key");

    public string KubeconfigFile => Path.Combine(Root, "admin.kubeconfig");

    /// <summary>
    /// The same rights by a token: the API server verifies a client certificate again with each request, which costs more than many
    /// requests do.
    /// </summary>
    public string TokenKubeconfigFile => Path.Combine(Root, "admin-token.kubeconfig");

    /// <summary>The tokens that the API server knows.</summary>
    public string TokenFile => Path.Combine(Root, "tokens.csv");

    public string LogFile(string program) => Path.Combine(Logs, program + ".log");

    /// <summary>Makes the folder (readable by its owner only: it holds keys) and fills it for a server at the given address.</summary>
    public static ClusterFolder Create(Uri server, TimeProvider clock)
    {
        var root = Directory.CreateTempSubdirectory("visma-operator-cluster-");
        var folder = new ClusterFolder(root.FullName, LogsOf(root));
        using var certificates = new ClusterCertificates(clock);
        var serving = certificates.IssueServer();
        File.WriteAllText(folder.AuthorityFile, certificates.AuthorityPem);
        File.WriteAllText(folder.ServerCertificateFile, serving.Certificate);
        File.WriteAllText(folder.ServerKeyFile, serving.Key);
        using var serviceAccountKey = RSA.Create(2048);
        File.WriteAllText(folder.ServiceAccountKeyFile, serviceAccountKey.ExportRSAPrivateKeyPem());
        // system:masters is bound to cluster-admin before any other RBAC object exists.
        var admin = certificates.IssueClient("test-admin", "system:masters");
        Kubeconfig.Write(folder.KubeconfigFile, server, certificates.AuthorityPem, Kubeconfig.UserWith(admin));
        var token = RandomNumberGenerator.GetHexString(32);
        File.WriteAllText(folder.TokenFile, $"{token},test-admin,test-admin,system:masters\n");
        Kubeconfig.Write(folder.TokenKubeconfigFile, server, certificates.AuthorityPem, Kubeconfig.UserWith(token));
        return folder;
    }

    /// <summary>Removes everything but logs that are kept elsewhere.</summary>
    public void Delete() => Directory.Delete(Root, recursive: true);

    private static string LogsOf(DirectoryInfo root) => Environment.GetEnvironmentVariable(LogsVariable) is { Length: > 0 } kept
        ? Directory.CreateDirectory(Path.Combine(kept, root.Name)).FullName
        : root.FullName;
}
