using System.CommandLine;
using VismaOperator.Api.Crds;

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

/// <summary>The verb <c>crds</c>: prints the custom resource definitions, ready for <c>kubectl apply -f -</c>.</summary>
public static class CrdsCommand
{
    /// <summary>Prints every definition as one YAML stream; always 0.</summary>
    public static int Run(TextWriter stdout)
    {
        stdout.Write("---\n");
        stdout.Write(EmbeddedCrds.OAuthClient());
        stdout.Write("---\n");
        stdout.Write(EmbeddedCrds.VismaConnection());
        stdout.Write("---\n");
        stdout.Write(EmbeddedCrds.VismaConnectionSet());
        return 0;
    }
}
