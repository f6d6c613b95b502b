using System.CommandLine;
using VismaOperator.Cli.Cluster;
using VismaOperator.Cli.Requests;
using VismaOperator.Cli.Status;
using VismaOperator.Hosting;

namespace VismaOperator.Cli;

/// <summary><c>visma-operator refresh</c> and <c>probe</c>: ask the operator for something now.</summary>
internal sealed class RequestVerb
{
    private readonly RequestKind kind;

    private readonly Argument<string[]> named = new("NAME")
    {
        HelpName = "NAME",
        Arity = ArgumentArity.ZeroOrMore,
        Description = "The VismaConnections, as NAME or NAMESPACE/NAME",
    };
    private readonly ClusterSettings cluster = new();
    private readonly NamespaceSettings namespaces = new();
    private readonly Setting everyOne = new(
        "all",
        "true|false",
        "All connections of the namespace. Default: false",
        SettingShape.Switch,
        variable: null
    );
    private readonly Setting selector = new(
        "selector",
        "SELECTOR",
        "Connections with these labels, as kubectl reads them: app=erp,env!=test"
    );
    private readonly Setting wait;
    private readonly Setting timeout;
    private readonly string description;

    private RequestVerb(RequestKind kind, string description, string goodEnd, string defaultTimeout)
    {
        this.kind = kind;
        this.description = description;
        wait = new("wait", "true|false", $"Wait for the outcome; exit code 0 when {goodEnd}. Default: false", SettingShape.Switch);
        timeout = new("timeout", "DURATION", $"With --wait: how long, such as 30s or 5m. Default: 1m, and {defaultTimeout}");
        named.CompletionSources.Add(Completions.Connections);
        selector.Option.Aliases.Add("-l");
    }

    /// <summary>Asks for new tokens.</summary>
    public static RequestVerb Refresh() =>
        new(
            RequestKind.Refresh,
            "Asks the operator to renew tokens now, by an annotation. It attempts one in 10 s for each connection and for all of a client. "
            + "Exit code 0 when all were asked for, with --wait when all were renewed, else 1.",
            "every token was renewed",
            "10s for each connection of the client that has most of them"
        );

    /// <summary>Asks for probes.</summary>
    public static RequestVerb Probe() =>
        new(
            RequestKind.Probe,
            "Asks the operator to ask the API now whether it accepts the tokens, by an annotation; of connections with spec.probe. It "
            + "makes one probe in 15 s for all connections of a tenant. Exit code 0 when all were asked for, with --wait when all were "
            + "accepted, else 1.",
            "every token was accepted",
            "15s for each connection of the tenant that has most of them"
        );

    private IEnumerable<Setting> All => [.. cluster.All, .. namespaces.All, everyOne, selector, wait, timeout];

    /// <summary>The verb; <paramref name="start"/> runs it with what was asked for.</summary>
    public Command ToCommand(CommandContext process, Func<RequestOptions, CancellationToken, Task<int>> start)
    {
        var command = new Command(kind.Noun, description).With(All);
        command.Arguments.Add(named);
        return command.Run(process, (reader, arguments) => Read(reader, arguments.GetValue(named) ?? []), start);
    }

    private RequestOptions Read(SettingReader reader, IReadOnlyList<string> wanted)
    {
        var (kubeconfig, context) = cluster.Read(reader);
        var (namespaceName, isAll) = namespaces.Read(reader);
        var isEveryOne = reader.Switch(everyOne) ?? false;
        var isChosen = reader.IsWritten(selector) || (wanted.Count == 0 && !isEveryOne);
        var labels = isChosen ? reader.Text(selector) : null; // what is written wins over a variable
        var ways = (wanted.Count > 0 ? 1 : 0) + (isEveryOne ? 1 : 0) + (labels is null ? 0 : 1);
        if (ways != 1)
        {
            reader.Report(
                named.Name,
                ways == 0 ? "is missing" : "cannot be combined with --all or --selector, nor these with each other",
                "Name connections, or say --all, or choose by labels with -l."
            );
        }

        if (wanted.Count > 0 && namespaces.IsAllWritten(reader))
        {
            reader.Report(
                named.Name,
                "cannot be combined with --all-namespaces",
                "Write NAMESPACE/NAME, or leave the names out and say --all -A."
            );
        }

        var isWaiting = reader.Switch(wait) ?? false;
        if (!isWaiting && reader.IsWritten(timeout))
        {
            reader.Report(timeout, "counts only with --wait", "Say --wait, or leave it out.");
        }

        return new RequestOptions
        {
            Kind = kind,
            Names = ReadNames(reader, wanted, namespaceName),
            Selector = labels,
            Namespace = namespaceName,
            Range = isAll ? NamespaceRange.All : NamespaceRange.One,
            Wait = isWaiting,
            Timeout = reader.Text(timeout) is null ? null : reader.Duration(timeout, TimeSpan.FromMinutes(1)),
            Source = new NamedSource(kubeconfig, context),
        };
    }

    private List<(string? Namespace, string Name)> ReadNames(SettingReader reader, IReadOnlyList<string> wanted, string? namespaceName)
    {
        List<(string?, string)> names = [];
        foreach (var text in wanted)
        {
            if (ObjectName.ReadConnection(reader, named.Name, text) is { } name)
            {
                namespaces.Compare(reader, name, namespaceName);
                names.Add((name.Namespace, name.Name));
            }
        }

        return names;
    }
}

/// <summary>One run of <c>refresh</c> or <c>probe</c>: what it consists of is constructed here.</summary>
internal static class RequestSession
{
    /// <summary>Runs to the end; the answer is the exit code.</summary>
    public static async Task<int> RunAsync(RequestOptions options, CommandContext process, CancellationToken stop)
    {
        try
        {
            await using var cluster = ClusterConnection.Open(options.Source, process.Time);
            var wanted = options with { Namespace = options.Namespace ?? cluster.Namespace };
            var screen = new StatusScreen(process.Output, process.Error, process.Time, process.Called);
            return await new RequestRun(wanted, cluster.Client, cluster.Server, screen, cluster.Log).RunAsync(stop)
                ? ExitCode.Success
                : ExitCode.Failure;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await process.Error.WriteLineAsync($"{Product.Name}: stopped. What was asked for is done all the same.");
            return ExitCode.Failure;
        }
    }
}
