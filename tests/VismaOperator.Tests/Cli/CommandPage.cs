using System.CommandLine;
using System.Globalization;
using System.Text;
using VismaOperator.Cli;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Cli;

/// <summary>Writes the reference of the command line from the options that the executable parses and <c>--help</c> prints.</summary>
internal static class CommandPage
{
    internal static string Of(RootCommand root)
    {
        var page = new StringBuilder();
        page.Append(
            "# The command line\n\n<!-- Written by `make docs` from the options of the executable. Change the descriptions there. -->\n\n"
        );
        page.Append($"{root.Description} `visma-operator COMMAND --help` says the same.\n\n");
        page.Append(
            ("Each option can also be given by the environment variable in brackets; the option wins, and an empty variable counts as "
                + "absent. Lists are separated by commas. A switch without a value means `true`.").Wrapped() + "\n"
        );
        foreach (var command in root.Subcommands.Where(command => !command.Hidden))
        {
            Append(page, command);
        }

        page.Append("\n## Exit codes\n\n| code | meaning |\n|---|---|\n");
        page.Append(CultureInfo.InvariantCulture, $"| {ExitCode.Success} | stopped as asked; nothing was found wrong |\n");
        page.Append(
            CultureInfo.InvariantCulture,
            $"| {ExitCode.Failure} | failed while running; `check` found errors; "
                + $"with `local --once` a connection is not Ready when all have settled or `--timeout` has passed; "
                + $"with `connect` no consent was stored; with `status` [something is broken](../status.md#for-scripts); with `refresh` "
                + $"a refresh was not asked for or, with `--wait`, not made; with `probe` a probe was not asked for or, with `--wait`, "
                + $"a token not accepted; with `rotate` nothing or not all was written, or with `--wait` the secret not used; with "
                + $"`import` an object was left out |\n"
        );
        page.Append(
            CultureInfo.InvariantCulture,
            $"| {ExitCode.UnusableArguments} | the arguments cannot be used, `check` found nothing to check, or `status` or `dashboard` "
                + $"could read nothing, an answer of `init` is missing, a file of `import` cannot be read: standard error says what to "
                + $"correct |\n"
        );
        page.Append(
            CultureInfo.InvariantCulture,
            $"| {ExitCode.ChangePrinted} | `rotate` wrote nothing, since others keep the objects: standard output says what to change |\n"
        );
        return page.ToString();
    }

    private static void Append(StringBuilder page, Command command)
    {
        var words = command.Arguments.Select(argument => argument.Name).Prepend(command.Name);
        page.Append($"\n## visma-operator {string.Join(' ', words)}\n\n{command.Description?.Wrapped()}\n");
        foreach (var argument in command.Arguments)
        {
            page.Append("\n" + $"`{argument.Name}`: {argument.Description}.".Wrapped() + "\n");
        }

        page.Append($"\n{string.Concat(HelpText.ExamplesOf(command).Select(line => $"    visma-operator {line}\n"))}");
        var options = command.Options.Where(option => option.Name != "--help").ToList();
        if (options.Count == 0)
        {
            return;
        }

        page.Append("\n| option | description |\n|---|---|\n");
        foreach (var option in options)
        {
            var names = string.Join("`, `", option.Aliases.Append(option.Name));
            page.Append($"| `{names}` `{Cell(option.HelpName)}` | {Cell(option.Description)} |\n");
        }
    }

    private static string? Cell(string? text) => text?.Replace("|", "\\|", StringComparison.Ordinal);
}
