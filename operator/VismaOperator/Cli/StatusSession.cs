using Kubernetes.Client;
using Kubernetes.Controllers.Caching;
using VismaOperator.Cli.Cluster;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Status;
using VismaOperator.Hosting;
using VismaOperator.Reporting;

namespace VismaOperator.Cli;

/// <summary>One run of <c>status</c>: what it consists of is constructed here.</summary>
internal sealed class StatusSession(StatusOptions options, CommandContext process)
{
    /// <summary>Runs to the end; the answer is the exit code.</summary>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        try
        {
            return options.Source.State is { } state ? await InStateAsync(Path.GetFullPath(state), stop) : await InClusterAsync(stop);
        }
        catch (Exception exception) when (FailureWords.AreOurs(exception))
        {
            await process.Error.WriteLineAsync($"{Product.Name}: {TerminalText.PrintableLines(exception.Message)}");
            return ExitCode.UnusableArguments; // as where the arguments are wrong: nothing is known
        }
    }

    private StatusScreen Screen =>
        process.Screen with
        {
            Output = (options.Watch && process.TerminalSize is null ? process.OpenPipe() : null) ?? process.Output,
        };

    private Task<int> InStateAsync(string state, CancellationToken stop)
    {
        var isAll = options.Namespace is null;
        var source = StateStatusSource.Open(
            state,
            name => (isAll || name.Namespace == options.Namespace) && (options.Name is null || name.Name == options.Name)
        );
        var local = options with
        {
            Source = new NamedSource(State: state),
            Range = isAll ? NamespaceRange.All : NamespaceRange.One,
        };
        return new StatusRun(local, source, Screen).RunAsync(stop);
    }

    private async Task<int> InClusterAsync(CancellationToken stop)
    {
        await using var cluster = ClusterConnection.Open(options.Source, process.Time, ClusterConnection.OrState);
        var isAll = options is { Range: NamespaceRange.All, Namespace: null };
        var namespaceName = isAll ? null : options.Namespace ?? cluster.Namespace;
        var selector = options.Name is { } name
            ? ResourceSelectors.ByName(new NamespacedName(namespaceName ?? string.Empty, name))
            : new ResourceSelector(namespaceName);
        var source = new ClusterStatusSource(cluster.Client, cluster.Server, selector, process.Time, cluster.Log);
        return await new StatusRun(options with { Namespace = namespaceName }, source, Screen).RunAsync(stop);
    }
}
