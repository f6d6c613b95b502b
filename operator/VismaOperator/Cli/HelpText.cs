using System.CommandLine;

namespace VismaOperator.Cli;

/// <summary>What the library's help lacks: which arguments of the listed commands are optional, and examples.</summary>
internal static class HelpText
{
    private static readonly Dictionary<string, string[]> examples = new(StringComparer.Ordinal)
    {
        ["run"] = ["run --namespaces integrations"],
        ["local"] = ["local -f ./manifests --out ./tokens --state ./state"],
        ["check"] = ["check -f ./manifests", "check -f ./manifests --cluster"],
        ["status"] = ["status -A", "status integrations/acme-production", "status --state ./state"],
        ["dashboard"] = ["dashboard -A"],
        ["doctor"] = ["doctor integrations/acme-production", "doctor -f ./manifests --request"],
        ["refresh"] = ["refresh integrations/acme-production --wait", "refresh -n integrations --all"],
        ["probe"] = ["probe integrations/acme-production --wait"],
        ["connect"] = ["connect integrations/acme-kari", "connect acme-kari --state ./state"],
        ["rotate"] = ["rotate integrations/acme --expires 2027-11-30 --wait < new-secret.txt"],
        ["init"] = ["init -o ./first.yaml"],
        ["import"] = ["import - -n integrations -o ./manifests/"],
        ["crds"] = ["crds | kubectl apply --server-side -f -"],
        ["completion"] = ["completion bash"],
    };

    /// <summary>Command lines that work, without the name of the program.</summary>
    public static IReadOnlyList<string> ExamplesOf(Command command) => examples.GetValueOrDefault(command.Name, []);

    /// <summary>The help as it is printed.</summary>
    /// <param name="text">That of the library.</param>
    /// <param name="command">Whose help it is.</param>
    /// <param name="called">What the person types to run this program.</param>
    public static string Of(string text, Command command, string called)
    {
        foreach (var verb in command.Subcommands)
        {
            if (verb.Arguments is [{ Arity.MinimumNumberOfValues: 0, HelpName: { } name }])
            {
                text = text.Replace($"  {verb.Name} <{name}>  ", $"  {verb.Name} [<{name}>]", StringComparison.Ordinal);
            }
        }

        text = text.Replace($"  {RootCommand.ExecutableName} ", $"  {called} ", StringComparison.Ordinal);
        return ExamplesOf(command) is { Count: > 0 } lines
            ? $"{text}Examples:\n{string.Concat(lines.Select(line => $"  {called} {line}\n"))}\n"
            : text;
    }
}
