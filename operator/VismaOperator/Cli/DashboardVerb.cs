using System.CommandLine;
using System.Security.Cryptography;
using Kubernetes.Client;
using VismaOperator.Cli.Cluster;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Dashboard;
using VismaOperator.Cli.Status;

namespace VismaOperator.Cli;

/// <summary><c>visma-operator dashboard</c>: a page in the browser that shows where connections and clients stand.</summary>
internal sealed class DashboardVerb
{
    private readonly SourceSettings source = new(
        "State directory of visma-operator local, which is shown instead of a cluster. All namespaces, unless one is named"
    );
    private readonly NamespaceSettings namespaces = new();
    private readonly Setting port = new(
        "port",
        "N",
        "Port of 127.0.0.1 for the page. Default: a free one",
        variable: "dashboard-port"
    );
    private readonly Setting noOpen = new(
        "no-open",
        "true|false",
        "Print the address instead of opening a browser. Default: false",
        SettingShape.Switch
    );

    private IEnumerable<Setting> All => [.. source.OfCluster, .. namespaces.All, source.State, port, noOpen];

    /// <summary>The verb; <paramref name="start"/> runs it with what was asked for.</summary>
    public Command ToCommand(CommandContext process, Func<DashboardOptions, CancellationToken, Task<int>> start) =>
        new Command(
            "dashboard",
            "Shows connections and clients as a page in your browser, live and read-only, with your permissions: state, times, causes and "
            + "what to do. It is served on this machine only, until Ctrl-C, and the address that is printed works once. "
            + "Exit code 0 when it was ended so, 2 when it could not be shown."
        )
            .With(All)
            .Run(process, (reader, _) => Read(reader), start);

    private DashboardOptions Read(SettingReader reader)
    {
        var origin = source.Read(reader);
        var (namespaceName, isAll) = namespaces.Read(reader);
        return new DashboardOptions
        {
            Namespace = namespaceName,
            Range = isAll ? NamespaceRange.All : NamespaceRange.One,
            Source = origin,
            Port = reader.Port(port, 0, least: 0),
            Browser = reader.Switch(noOpen) == true ? BrowserUse.Printed : BrowserUse.Opened,
        };
    }
}

/// <summary>One run of <c>dashboard</c>: what it consists of is constructed here.</summary>
internal sealed class DashboardSession(DashboardOptions options, CommandContext process)
{
    /// <summary>Runs to the end; the answer is the exit code.</summary>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        await (options.Source.State is { } state ? InStateAsync(Path.GetFullPath(state), stop) : InClusterAsync(stop));
        return ExitCode.Success;
    }

    private Task InStateAsync(string state, CancellationToken stop)
    {
        bool IsWanted(NamespacedName name) => options.Namespace is null || name.Namespace == options.Namespace;
        var source = StateStatusSource.Open(state, IsWanted);
        var local = options with { Source = new NamedSource(State: state) };
        return new DashboardRun(local, Tools(Where($"state directory {state}", options.Namespace))).RunAsync(_ => source, stop);
    }

    private async Task InClusterAsync(CancellationToken stop)
    {
        await using var cluster = ClusterConnection.Open(options.Source, process.Time, ClusterConnection.OrState);
        var namespaceName = options is { Range: NamespaceRange.All, Namespace: null } ? null : options.Namespace ?? cluster.Namespace;
        await new DashboardRun(options, Tools(Where($"cluster {cluster.Server}", namespaceName))).RunAsync(
            failed => new ClusterStatusSource(
                cluster.Client,
                cluster.Server,
                new ResourceSelector(namespaceName),
                process.Time,
                cluster.Log,
                failed
            ),
            stop
        );
    }

    private static string Where(string source, string? namespaceName) =>
        $"{source}, {(namespaceName is null ? "all namespaces" : $"namespace {namespaceName}")}";

    private DashboardTools Tools(string source) =>
        new()
        {
            Screen = new StatusScreen(process.Output, process.Error, process.Time, process.Called),
            Source = source,
            Browser = new SystemBrowser(process.Variable, process.Time),
            RandomBytes = RandomNumberGenerator.GetBytes,
        };
}
