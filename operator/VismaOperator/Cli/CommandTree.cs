using System.CommandLine;
using System.CommandLine.Help;
using VismaOperator.Cli.Check;
using VismaOperator.Hosting;
using VismaOperator.Manifests;

namespace VismaOperator.Cli;

/// <summary>The command line as a whole.</summary>
internal static class CommandTree
{
    /// <summary>Runs the verb that the arguments name and answers with its exit code.</summary>
    public static async Task<int> InvokeAsync(string[] arguments, CommandContext process, Verbs verbs, CancellationToken cancellationToken)
    {
        var parsed = Create(process, verbs).Parse(arguments);

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
        await process.Output.WriteAsync(
            help.ToString().Replace($"  {RootCommand.ExecutableName} ", $"  {process.Called} ", StringComparison.Ordinal)
        );
        return code;
    }

    /// <summary>All verbs with their options.</summary>
    public static RootCommand Create(CommandContext process, Verbs verbs)
    {
        var root = new RootCommand("Keeps OAuth tokens for Visma ERP in Kubernetes Secrets, always fresh.")
        {
            new RunVerb().ToCommand(process, verbs.Run),
            new LocalVerb().ToCommand(process, verbs.Local),
            new CheckVerb().ToCommand(process),
            new StatusVerb().ToCommand(process, verbs.Status),
            new RefreshVerb().ToCommand(process, verbs.Refresh),
            new ConnectVerb().ToCommand(process, verbs.Connect),
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
        return parsed.UnmatchedTokens.Count == 0 ? parsed.Errors.Select(error => error.Message)
            : isVerbMissing
                ?
                [
                    UnknownVerb(
                        parsed.UnmatchedTokens.First(token => !token.StartsWith('-')),
                        verbs
                    ),
                ]
            : parsed.UnmatchedTokens.Select(token => $"'{token}' is no command or option that is known here{Suggestion.For(token, known)}");
    }

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
    /// <summary>The size of the terminal that standard output goes to, in columns and rows; null where it goes elsewhere.</summary>
    public Func<(int Columns, int Rows)>? TerminalSize { get; init; }

    /// <summary>Opens standard output as a pipe that tells when nobody reads any more; null where it is none.</summary>
    public Func<TextWriter?> OpenPipe { get; init; } = () => null;

    /// <summary>Opens standard input.</summary>
    public Func<Stream> Input { get; init; } = ProcessInput.Open;
}
