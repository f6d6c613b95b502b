using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>What is measured.</summary>
/// <param name="Connections">Numbers of connections.</param>
/// <param name="Workers">Numbers of workers.</param>
/// <param name="Program">The operator's executable.</param>
/// <param name="MoreArguments">Further arguments of the operator.</param>
internal sealed record ScaleOptions(
    IReadOnlyList<int> Connections,
    IReadOnlyList<int> Workers,
    string Program,
    IReadOnlyList<string> MoreArguments
)
{
    /// <summary>
    /// What is shipped is the published file, so it is preferred to the built one, which compiles itself while it is measured.
    /// </summary>
    public static string FindProgram(string? named)
    {
        var published = RepositoryFolder.PathOf("artifacts/publish/visma-operator");
        return named ?? (File.Exists(published) ? published : OperatorProcess.FindProgram("visma-operator"));
    }

    /// <summary>A published executable is one file; beside a built one lies its assembly.</summary>
    public bool IsPublished => !File.Exists(Program + ".dll");
}
