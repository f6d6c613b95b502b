using System.CommandLine;
using VismaOperator.Api;
using VismaOperator.Cli.Refresh;
using VismaOperator.Cli.Status;
using VismaOperator.Hosting;

namespace VismaOperator.Cli;

/// <summary><c>visma-operator refresh</c>: asks for new tokens now.</summary>
internal sealed class RefreshVerb
{
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
        hasVariable: false
    );
    private readonly Setting selector = new(
        "selector",
        "SELECTOR",
        "Connections with these labels, as kubectl reads them: app=erp,env!=test"
    );
    private readonly Setting wait = new(
        "wait",
        "true|false",
        "Wait for the outcome; exit code 0 when every token was renewed. Default: false",
        SettingShape.Switch
    );
    private readonly Setting timeout = new(
        "timeout",
        "DURATION",
        "With --wait: how long, such as 30s or 5m. Default: 1m, and 10s for each connection of the client that has most of them"
    );

    public RefreshVerb()
    {
        named.CompletionSources.Add(Completions.Connections);
        selector.Option.Aliases.Add("-l");
    }

    private IEnumerable<Setting> All => [.. cluster.All, .. namespaces.All, everyOne, selector, wait, timeout];

    /// <summary>The verb; <paramref name="start"/> runs it with what was asked for.</summary>
    public Command ToCommand(CommandContext process, Func<RefreshOptions, CancellationToken, Task<int>> start)
    {
        var command = new Command(
            "refresh",
            "Asks the operator to renew tokens now, by an annotation. It attempts one in 10 s for each connection and for all of a client. "
            + "Exit code 0 when all were asked for, with --wait when all were renewed, else 1."
        ).With(All);
        command.Arguments.Add(named);
        return command.Run(process, (reader, arguments) => Read(reader, arguments.GetValue(named) ?? []), start);
    }

    private RefreshOptions Read(SettingReader reader, IReadOnlyList<string> wanted)
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

        return new RefreshOptions
        {
            Names = ReadNames(reader, wanted, namespaceName),
            Selector = labels,
            Namespace = namespaceName,
            Range = isAll ? NamespaceRange.All : NamespaceRange.One,
            Wait = isWaiting,
            Timeout = reader.Text(timeout) is null ? null : reader.Duration(timeout, RefreshRun.Patience(1)),
            Kubeconfig = kubeconfig,
            Context = context,
        };
    }

    private List<(string? Namespace, string Name)> ReadNames(SettingReader reader, IReadOnlyList<string> wanted, string? namespaceName)
    {
        List<(string?, string)> names = [];
        foreach (var text in wanted)
        {
            if (ObjectName.Parse(text) is { } name && (name.Kind is null || name.Kind == VismaConnection.ResourceKind))
            {
                namespaces.Compare(reader, name.Namespace, namespaceName);
                names.Add((name.Namespace, name.Name));
            }
            else
            {
                reader.Report(named.Name, $"'{text}' is not the name of a connection", "Write it as acme, or integrations/acme.");
            }
        }

        return names;
    }
}

/// <summary>One run of <c>refresh</c>: what it consists of is constructed here.</summary>
internal static class RefreshSession
{
    /// <summary>Runs to the end; the answer is the exit code.</summary>
    public static async Task<int> RunAsync(RefreshOptions options, CommandContext process, CancellationToken stop)
    {
        try
        {
            await using var cluster = ClusterConnection.Open(options.Kubeconfig, options.Context, process.Time);
            var wanted = options with { Namespace = options.Namespace ?? cluster.Namespace };
            var screen = new StatusScreen(process.Output, process.Error, process.Time, process.Called);
            return await new RefreshRun(wanted, cluster.Client, cluster.Server, screen, cluster.Log).RunAsync(stop)
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
