using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>A program that is measured.</summary>
/// <param name="Name">How tables call it.</param>
/// <param name="Program">Its executable.</param>
/// <param name="Crds">The folder with the definitions that it was written for.</param>
internal sealed record Contender(string Name, string Program, string Crds)
{
    /// <summary>The operator of this checkout.</summary>
    public const string Operator = "operator";

    /// <summary>The single file of an earlier commit, which the goals are ratios to.</summary>
    public const string Baseline = "fda7fb3";

    /// <summary>The same requests without an operator around them.</summary>
    public const string Floor = "floor";

    /// <summary>Every name.</summary>
    public static readonly IReadOnlyList<string> All = [Operator, Floor, Baseline];

    /// <summary>
    /// Finds a program. What is shipped is the published file, so it is preferred to the built one, which compiles itself while it runs.
    /// </summary>
    /// <exception cref="FileNotFoundException">It was not published; the message says how to do that.</exception>
    public static Contender Find(string name, string? operatorProgram)
    {
        var published = RepositoryFolder.PathOf("artifacts/publish/visma-operator");
        var earlier = RepositoryFolder.PathOf($"artifacts/benchmarks/{Baseline}");
        var crds = RepositoryFolder.PathOf("crds");
        var found = name switch
        {
            Operator => new Contender(name, operatorProgram ?? BuiltUnless(published), crds),
            Floor => new Contender(name, RepositoryFolder.PathOf("artifacts/benchmarks/floor/floor"), crds),
            Baseline => new Contender(name, $"{earlier}/artifacts/publish/visma-operator", $"{earlier}/crds"),
            _ => throw new ArgumentException($"'{name}' is none of {string.Join(", ", All)}.", nameof(name)),
        };
        return File.Exists(found.Program)
            ? found
            : throw new FileNotFoundException(
                $"There is no {name} at {found.Program}. 'make bench BENCH=programs' publishes what is compared; --programs leaves it out."
            );
    }

    private static string BuiltUnless(string published) =>
        File.Exists(published) ? published : OperatorProcess.FindProgram("visma-operator");
}
