using System.CommandLine;

namespace VismaOperator.Cli;

/// <summary><c>visma-operator crds</c>: the custom resource definitions of this very version.</summary>
internal static class CrdsVerb
{
    /// <summary>The verb.</summary>
    public static Command ToCommand(CommandContext process)
    {
        var command = new Command("crds", "Prints the custom resource definitions, ready for kubectl apply -f -.");
        command.SetAction((_, _) => Task.FromResult(CrdsCommand.Run(process.Output)));
        return command;
    }
}
