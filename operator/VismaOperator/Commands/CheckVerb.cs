using System.CommandLine;
using VismaOperator.Checking;

namespace VismaOperator.Commands;

/// <summary><c>visma-operator check</c>: judges manifests without a cluster and without a network.</summary>
internal sealed class CheckVerb
{
    private static readonly Dictionary<string, CheckOutput> Outputs = new(StringComparer.Ordinal) { ["text"] = CheckOutput.Text, ["json"] = CheckOutput.Json };

    private readonly Setting manifests = ManifestSetting.Create("Directory (or file) with manifests; may be repeated");
    private readonly Setting output = new("output", "text|json", "Form of the findings on standard output. Default: text");
    private readonly AllowListSettings allowLists = new();

    private IEnumerable<Setting> All => [manifests, output, .. allowLists.All];

    /// <summary>The verb.</summary>
    public Command ToCommand(CommandContext process)
    {
        var command = new Command("check", "Checks manifests offline: schema, rules and references. Exit code 1 when there are errors, 2 when there is nothing to check.").With(All);
        command.SetAction((arguments, _) =>
        {
            var reader = new SettingReader(arguments, process.Variable);
            var files = ManifestSetting.Read(reader, manifests);
            var (form, lists) = (reader.Choice(output, CheckOutput.Text, Outputs), allowLists.Read(reader));
            return reader.Problems.Count == 0
                ? Task.FromResult(CheckCommand.Run(files, form, lists, process.Time, process.Output, process.Error))
                : process.Refuse(command.Name, reader.Problems);
        });
        return command;
    }
}
