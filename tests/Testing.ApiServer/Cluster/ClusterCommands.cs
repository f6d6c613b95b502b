using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.Testing.ApiServer.Cluster;

/// <summary>The command lines of the three programs, for Kubernetes 1.20 and later.</summary>
internal sealed record ClusterCommands(ApiServerBinaries Binaries, ClusterFolder Folder, int ServerPort, int EtcdPort, int EtcdPeerPort)
{
    private string EtcdUrl => $"http://127.0.0.1:{EtcdPort}";

    /// <summary>etcd for one life only: it never waits for a disk.</summary>
    public ProcessCommand Etcd()
    {
        var peer = $"http://127.0.0.1:{EtcdPeerPort}";
        return Command("etcd", Binaries.Etcd,
        [
            "--unsafe-no-fsync",
            $"--data-dir={Folder.EtcdData}",
            $"--listen-client-urls={EtcdUrl}",
            $"--advertise-client-urls={EtcdUrl}",
            $"--listen-peer-urls={peer}",
            $"--initial-advertise-peer-urls={peer}",
            $"--initial-cluster=default={peer}",
            "--logger=zap",
            "--log-level=warn",
        ]);
    }

    /// <summary>An API server that authorizes by RBAC and issues tokens for ServiceAccounts.</summary>
    public ProcessCommand ApiServer(IReadOnlyList<string> extraArguments) => Command("kube-apiserver", Binaries.KubeApiServer,
    [
        $"--etcd-servers={EtcdUrl}",
        "--bind-address=127.0.0.1",
        // Said outright: else the server looks for a network interface that leads outside, and a sandbox has none.
        "--advertise-address=127.0.0.1",
        $"--secure-port={ServerPort}",
        $"--tls-cert-file={Folder.ServerCertificateFile}",
        $"--tls-private-key-file={Folder.ServerKeyFile}",
        $"--client-ca-file={Folder.AuthorityFile}",
        $"--token-auth-file={Folder.TokenFile}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        $"--service-account-key-file={Folder.ServiceAccountKeyFile}",
        $"--service-account-signing-key-file={Folder.ServiceAccountKeyFile}",
        "--service-cluster-ip-range=10.0.0.0/24",
        // Pods are only ever looked at as objects here; nothing waits for a default ServiceAccount.
        "--disable-admission-plugins=ServiceAccount",
        "--enable-priority-and-fairness=false",
        // As clusters since 1.24 have it, and the server starts in two thirds of the time. But policy/v1 came with 1.21 only.
        "--runtime-config=api/beta=false,api/alpha=false,policy/v1beta1=true",
        "--endpoint-reconciler-type=none",
        "--profiling=false",
        .. extraArguments,
    ]);

    /// <summary>
    /// Only what tests look at: owner references and namespaces are cleaned up, ServiceAccounts appear. As since 1.24, none of them has a
    /// token in a Secret.
    /// </summary>
    /// <param name="program">The executable.</param>
    /// <param name="serverVersion">The version of the API server, which is also that of the controller manager.</param>
    public ProcessCommand ControllerManager(string program, Version serverVersion) => Command("kube-controller-manager", program,
    [
        $"--kubeconfig={Folder.TokenKubeconfigFile}",
        "--controllers=garbagecollector,namespace,serviceaccount,clusterrole-aggregation",
        "--leader-elect=false",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--bind-address=127.0.0.1",
        "--secure-port=0",
        // Until 1.24 it also opened a plain HTTP port on all addresses; later versions do not know the flag that closes it.
        .. serverVersion < new Version(1, 24) ? ["--port=0"] : (string[])[],
    ]);

    private ProcessCommand Command(string name, string program, IReadOnlyList<string> arguments) =>
        new(name, program, arguments, Folder.LogFile(name))
        {
            WorkingDirectory = Folder.Root,
        };
}
