using VismaOperator.Api.Crds;

namespace VismaOperator.Cli;

/// <summary>The verb <c>crds</c>: prints the custom resource definitions, ready for <c>kubectl apply -f -</c>.</summary>
public static class CrdsCommand
{
    /// <summary>Prints both definitions as one YAML stream; always 0.</summary>
    public static int Run(TextWriter stdout)
    {
        stdout.Write("---\n");
        stdout.Write(EmbeddedCrds.OAuthClient());
        stdout.Write("---\n");
        stdout.Write(EmbeddedCrds.VismaConnection());
        return 0;
    }
}
