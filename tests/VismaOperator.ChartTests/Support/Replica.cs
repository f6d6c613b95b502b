using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.ChartTests.Support;

/// <summary>
/// What a kubelet makes of the Deployment of a release that Helm or kubectl installed: the operator as a process, with the arguments and
/// the ServiceAccount that the Deployment in the cluster names. A proxy of its own keeps the ledger of what it asks.
/// </summary>
internal sealed class Replica : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("visma-operator-replica-");
    private readonly OperatorProcess process;

    private Replica(ApiProxy proxy, JsonNode deployment, TestServiceAccount account)
    {
        Proxy = proxy;
        var kubeconfig = Path.Combine(folder.FullName, "kubeconfig");
        account.WriteKubeconfigAsInPod(proxy, kubeconfig);
        process = OperatorProcess.Start(
            OperatorProcess.FindProgram("visma-operator"),
            "run",
            ["--kubeconfig", kubeconfig, $"--consent-port={Pages.Port}", .. ArgumentsOf(deployment)]
        );
    }

    /// <summary>Where it serves the consent pages, if the Deployment has it do so.</summary>
    public Uri Pages { get; } = new($"http://localhost:{FreePort.Take()}");

    /// <summary>What this replica asked of the API server.</summary>
    public ApiProxy Proxy { get; }

    /// <summary>Its writes, but for those to its Lease.</summary>
    public IReadOnlyList<ProxiedRequest> Writes =>
        [.. Proxy.Ledger.Writes.Where(request => !request.Path.Contains("/leases", StringComparison.Ordinal))];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Starts a replica of the Deployment and waits until it is ready.</summary>
    public static async Task<Replica> StartAsync(ApiServer server, string ns, string name = Chart.Release)
    {
        var deployment = await server.Admin.GetAsync($"/apis/apps/v1/namespaces/{ns}/deployments/{name}", Ct);
        var account = await TestServiceAccount.OfAsync(
            server.Admin,
            ns,
            deployment["spec"]!["template"]!["spec"]!["serviceAccountName"]!.GetValue<string>(),
            Ct
        );
        var replica = new Replica(await ApiProxy.StartAsync(server, Ct), deployment, account);
        await replica.process.WaitUntilReadyAsync(Ct);
        return replica;
    }

    /// <summary>Waits until this replica holds the Lease.</summary>
    public Task LeadsAsync() => process.Process.WaitForLineAsync("This replica leads", Ct);

    /// <summary>Whether it said so yet.</summary>
    public bool Leads => process.Process.Lines.Any(line => line.Contains("This replica leads", StringComparison.Ordinal));

    /// <summary>Waits until it has asked for nothing for a while, its Lease left aside.</summary>
    public Task RestsAsync(TimeSpan duration)
    {
        int Count() => Proxy.Ledger.Requests.Count(request => !request.Path.Contains("/leases", StringComparison.Ordinal));
        var (last, since) = (Count(), TimeProvider.System.GetTimestamp());
        return Eventually.BecomesTrueAsync("the replica to rest", () =>
        {
            if (Count() is var now && now != last)
            {
                (last, since) = (now, TimeProvider.System.GetTimestamp());
            }

            return TimeProvider.System.GetElapsedTime(since) >= duration;
        }, Ct);
    }

    /// <summary>Asks it to end, as a kubelet does, and waits.</summary>
    public Task StopAsync() => process.Process.TerminateAsync(Ct);

    /// <summary>The end of its log, for failure texts.</summary>
    public string Log() => string.Join('\n', process.Process.Lines.TakeLast(30));

    /// <summary>Ends it, so that the next test finds the Lease free.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!process.Process.HasExited)
        {
            await process.Process.TerminateAsync(CancellationToken.None);
        }

        await process.DisposeAsync();
        await Proxy.DisposeAsync();
        folder.Delete(recursive: true);
    }

    /// <summary>
    /// The container's arguments without the verb, and without ports, which several processes of one machine cannot share.
    /// </summary>
    private static IEnumerable<string> ArgumentsOf(JsonNode deployment) =>
        deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["args"]!
            .AsArray()
            .Select(argument => argument!.GetValue<string>())
            .Skip(1)
            .Where(argument =>
                !argument.StartsWith("--http-port=", StringComparison.Ordinal)
                && !argument.StartsWith("--consent-port=", StringComparison.Ordinal)
            );
}
