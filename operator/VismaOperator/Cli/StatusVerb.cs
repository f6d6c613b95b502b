using System.CommandLine;
using System.Globalization;
using VismaOperator.Api;
using VismaOperator.Cli.Status;

namespace VismaOperator.Cli;

/// <summary><c>visma-operator status</c>: where connections, clients and sets stand.</summary>
internal sealed class StatusVerb
{
    private static readonly Dictionary<string, StatusOutput> outputs = new(StringComparer.Ordinal)
    {
        ["text"] = StatusOutput.Text,
        ["wide"] = StatusOutput.Wide,
        ["json"] = StatusOutput.Json,
        ["yaml"] = StatusOutput.Yaml,
        ["name"] = StatusOutput.Name,
    };

    private readonly Argument<string?> named = new("NAME")
    {
        HelpName = "NAME",
        Arity = ArgumentArity.ZeroOrOne,
        Description = "One object in detail, as NAME, NAMESPACE/NAME, vc/NAME (a VismaConnection), oac/NAME (an OAuthClient) or "
            + "vcs/NAME (a VismaConnectionSet). Without it all are listed",
    };
    private readonly SourceSettings source = new(
        "State directory of visma-operator local, which is read instead of a cluster. All namespaces, unless one is named"
    );
    private readonly NamespaceSettings namespaces = new();
    private readonly Setting output = new(
        "output",
        "wide|json|yaml|name",
        "Form: wide has more columns and times by the clock; json and yaml are for programs. Default: text"
    );
    private readonly Setting watch = new(
        "watch",
        "true|false",
        "Go on and tell what changes, until Ctrl-C: drawn anew on a terminal, else one line for each change. Default: false",
        SettingShape.Switch
    );
    private readonly Setting expiringWithin = new(
        "expiring-within",
        "DURATION",
        "Only what ends within this time, such as 7d or 12h, and is not renewed by itself: consents, client secrets, tokens of broken or "
            + "suspended connections"
    );

    public StatusVerb()
    {
        named.CompletionSources.Add(Completions.Objects);
        output.Option.Aliases.Add("-o");
        watch.Option.Aliases.Add("-w");
    }

    private IEnumerable<Setting> All => [.. source.OfCluster, .. namespaces.All, source.State, output, watch, expiringWithin];

    /// <summary>The verb; <paramref name="start"/> runs it with what was asked for.</summary>
    public Command ToCommand(CommandContext process, Func<StatusOptions, CancellationToken, Task<int>> start)
    {
        var command = new Command(
            "status",
            "Shows connections, clients and sets, the broken ones first, with cause, since when, what happens next and what to do. Exit "
            + "code 0 when nothing is broken, 1 when something is (Stalled, NotReady, Expired or Failing), 2 when it cannot be told."
        ).With(All);
        command.Arguments.Add(named);
        return command.Run(process, (reader, arguments) => Read(reader, arguments.GetValue(named)), start);
    }

    private StatusOptions Read(SettingReader reader, string? wanted)
    {
        var origin = source.Read(reader);
        var (namespaceName, isAll) = namespaces.Read(reader);
        var name = ReadName(reader, wanted);
        namespaces.Compare(reader, name, namespaceName);
        return new StatusOptions
        {
            Name = name?.Name,
            Kind = name?.Kind,
            Namespace = name?.Namespace ?? namespaceName,
            Range = isAll ? NamespaceRange.All : NamespaceRange.One,
            Source = origin,
            Output = reader.Choice(output, StatusOutput.Text, outputs),
            Watch = reader.Switch(watch) ?? false,
            ExpiringWithin = ReadPeriod(reader),
        };
    }

    private ObjectName? ReadName(SettingReader reader, string? wanted)
    {
        if (wanted is null)
        {
            return null;
        }

        var name = ObjectName.Parse(wanted);
        if (name is null)
        {
            reader.Report(
                named.Name,
                $"'{wanted}' is not the name of an object",
                "Write it as acme, integrations/acme, vc/acme, oac/acme or vcs/acme."
            );
        }

        return name;
    }

    // Days in front, which Go's durations lack: nobody counts the end of a consent in hours.
    private TimeSpan? ReadPeriod(SettingReader reader)
    {
        const int MostDays = 36_500;
        if (reader.Text(expiringWithin) is not { } text)
        {
            return null;
        }

        var mark = text.IndexOf('d', StringComparison.Ordinal);
        var days = 0;
        var rest = text[(mark + 1)..];
        var hours = TimeSpan.Zero;
        var hasDays = mark >= 0 && int.TryParse(text[..mark], NumberStyles.None, CultureInfo.InvariantCulture, out days);
        if (days <= MostDays && (mark < 0 || hasDays) && ((hasDays && rest.Length == 0) || GoDuration.TryParse(rest, out hours)))
        {
            return TimeSpan.FromDays(days) + hours;
        }

        reader.Report(expiringWithin, $"'{text}' is not a duration", "Write it as 7d, 12h or 1d12h.");
        return null;
    }
}
