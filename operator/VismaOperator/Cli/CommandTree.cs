using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using VismaOperator.Cli.Check;
using VismaOperator.Cli.Status;
using VismaOperator.Hosting;
using VismaOperator.Manifests;

namespace VismaOperator.Cli;

/// <summary>The command line as a whole.</summary>
internal static class CommandTree
{
    private static readonly HashSet<string> truths = new(
        ["true", "false", "yes", "no", "on", "off", "1", "0"],
        StringComparer.OrdinalIgnoreCase
    );

    /// <summary>Runs the verb that the arguments name and answers with its exit code.</summary>
    public static async Task<int> InvokeAsync(string[] arguments, CommandContext process, Verbs verbs, CancellationToken cancellationToken)
    {
        var root = Create(process, verbs);
        var parsed = root.Parse(WithSwitches(root, arguments));

        // With --help or --version the parser reports no errors about the other arguments.
        if (parsed.Errors.Count > 0 || parsed.UnmatchedTokens.Count > 0)
        {
            var command = parsed.CommandResult.Command;
            return await process.RefuseAsync(command is RootCommand ? string.Empty : command.Name, Messages(parsed));
        }

        // Signals are answered by StopSignals, which lets a verb finish what it must; the library's own handling would cut it off after two
        // seconds.
        using var help = new StringWriter();
        var configuration = new InvocationConfiguration
        {
            Output = parsed.Action is HelpAction ? help : process.Output,
            Error = process.Error,
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        };
        var code = await parsed.InvokeAsync(configuration, cancellationToken);
        if (parsed.Action is HelpAction)
        {
            await process.Output.WriteAsync(HelpText.Of(help.ToString(), parsed.CommandResult.Command, process.Called));
        }

        return code;
    }

    // A switch may have a value, and takes whatever follows for it: "--wait acme" would be no name and a strange value.
    private static string[] WithSwitches(RootCommand root, string[] arguments)
    {
        var verb = root.Subcommands.FirstOrDefault(one => one.Name == arguments.FirstOrDefault());
        return verb is { Arguments.Count: > 0 }
            ? [.. arguments.Select((word, index) => IsBare(verb, word, arguments.ElementAtOrDefault(index + 1)) ? $"{word}=true" : word)]
            : arguments;
    }

    private static bool IsBare(Command verb, string word, string? next) =>
        next is not null
        && !next.StartsWith('-')
        && !truths.Contains(next)
        && verb.Options.Any(option =>
            option.Arity is { MinimumNumberOfValues: 0, MaximumNumberOfValues: 1 }
            && (option.Name == word || option.Aliases.Contains(word))
        );

    /// <summary>All verbs with their options.</summary>
    public static RootCommand Create(CommandContext process, Verbs verbs)
    {
        var root = new RootCommand("Keeps OAuth tokens for Visma ERP in Kubernetes Secrets, always fresh.")
        {
            new RunVerb().ToCommand(process, verbs.Run),
            new LocalVerb().ToCommand(process, verbs.Local),
            new CheckVerb().ToCommand(process),
            new StatusVerb().ToCommand(process, verbs.Status),
            new DashboardVerb().ToCommand(process, verbs.Dashboard),
            new DoctorVerb().ToCommand(process, verbs.Doctor),
            RequestVerb.Refresh().ToCommand(process, verbs.Request),
            RequestVerb.Probe().ToCommand(process, verbs.Request),
            new ConnectVerb().ToCommand(process, verbs.Connect),
            new RotateVerb().ToCommand(process, verbs.Rotate),
            new InitVerb().ToCommand(process, verbs.Init),
            new ImportVerb().ToCommand(process, verbs.Import),
            CrdsVerb.ToCommand(process),
            CompletionVerb.ToCommand(process),
        };
        root.Add(CompletionVerb.ToHiddenCommand(root, process));
        return root;
    }

    /// <summary>Adds the settings' options to the command.</summary>
    public static Command With(this Command command, IEnumerable<Setting> settings)
    {
        foreach (var setting in settings)
        {
            command.Options.Add(setting.Option);
        }

        return command;
    }

    /// <summary>Lets the command read its options and run with them, or say what is wrong with the arguments.</summary>
    public static Command Run<T>(
        this Command command,
        CommandContext process,
        Func<SettingReader, ParseResult, T> read,
        Func<T, CancellationToken, Task<int>> start
    )
    {
        command.SetAction((arguments, cancellationToken) =>
        {
            var reader = new SettingReader(arguments, process.Variable);
            var options = read(reader, arguments);
            return reader.Problems.Count == 0 ? start(options, cancellationToken) : process.Refuse(command.Name, reader.Problems);
        });
        return command;
    }

    /// <summary>Says what is wrong with the arguments; the answer is the exit code.</summary>
    public static Task<int> Refuse(this CommandContext process, string verb, IEnumerable<SettingProblem> problems) =>
        process.RefuseAsync(verb, problems.Select(problem => problem.ToString()));

    /// <summary>A word that is no verb says more than the verb that is missing because of it.</summary>
    private static IEnumerable<string> Messages(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var verbs = command.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name).ToList();
        var known = verbs.Concat(command.Options.Select(option => option.Name)).ToList();
        var isVerbMissing = command is RootCommand && parsed.UnmatchedTokens.FirstOrDefault(token => !token.StartsWith('-')) is not null;
        return parsed.UnmatchedTokens.Count == 0 ? parsed.Errors.Select(error => Words(error, verbs))
            : isVerbMissing
                ?
                [
                    UnknownVerb(
                        parsed.UnmatchedTokens.First(token => !token.StartsWith('-')),
                        verbs
                    ),
                ]
            : parsed.UnmatchedTokens.Select(token => $"'{token}' is no command or option that is known here{Hint(token, known)}");
    }

    // The library's own words have no remedy.
    private static string Words(ParseError error, IReadOnlyList<string> verbs) =>
        error.SymbolResult switch
        {
            CommandResult { Command: RootCommand } => $"a command is missing: the commands are {string.Join(", ", verbs)}",
            ArgumentResult { Tokens.Count: 0, Argument: var argument } => $"{argument.Name}: is missing. {argument.Description}.",
            OptionResult { Tokens.Count: 0, Option: var option } => $"{option.Name}: has no value. Give it one, or leave it out.",
            _ => error.Message,
        };

    private static string Hint(string token, IReadOnlyList<string> known) =>
        !token.StartsWith('-') && known.Contains("--filename") && Path.Exists(token)
            ? $". Name files and folders with -f {token}"
            : Suggestion.For(token, known);

    // Options behind it belong to the verb that was meant.
    private static string UnknownVerb(string verb, IReadOnlyList<string> known)
    {
        var suggestion = Suggestion.For(verb, known);
        return $"'{verb}' is no command{(suggestion.Length > 0 ? suggestion : $": the commands are {string.Join(", ", known)}")}";
    }

    private static async Task<int> RefuseAsync(this CommandContext process, string verb, IEnumerable<string> messages)
    {
        foreach (var message in messages)
        {
            await process.Error.WriteLineAsync($"{Product.Name}: {message}");
        }

        await process.Error.WriteLineAsync(
            $"Help: {process.Called} {(verb.Length > 0 ? verb + " " : string.Empty)}--help"
        );
        return ExitCode.UnusableArguments;
    }
}

/// <summary>The parts of the process that a verb may use; tests pass their own.</summary>
/// <param name="Variable">Looks up an environment variable.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Time">The clock.</param>
/// <param name="Called">What the person typed to get here; see <see cref="Hosting.Product.Called"/>.</param>
internal sealed record CommandContext(
    Func<string, string?> Variable,
    TextWriter Output,
    TextWriter Error,
    TimeProvider Time,
    string Called = Product.Name
)
{
    /// <summary>The screen of a verb that prints once.</summary>
    public StatusScreen Screen =>
        new(Output, Error, Time, Called) { Size = IsTerminal ? TerminalSize : null, IsColoured = IsColoured };

    /// <summary>False also for a dumb terminal: it would show the sequences that others obey.</summary>
    public bool IsTerminal => TerminalSize is not null && Variable("TERM") is not "dumb";

    /// <summary>See https://no-color.org.</summary>
    public bool IsColoured => IsTerminal && string.IsNullOrEmpty(Variable("NO_COLOR"));

    /// <summary>The size of the terminal that standard output goes to, in columns and rows; null where it goes elsewhere.</summary>
    public Func<(int Columns, int Rows)>? TerminalSize { get; init; }

    /// <summary>Opens standard output as a pipe that tells when nobody reads any more; null where it is none.</summary>
    public Func<TextWriter?> OpenPipe { get; init; } = () => null;

    /// <summary>Opens standard input.</summary>
    public Func<Stream> Input { get; init; } = ProcessInput.Open;

    /// <summary>True where standard input is a person at a terminal.</summary>
    public bool IsInputTerminal { get; init; }
}
