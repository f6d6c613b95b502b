using VismaOperator.Testing.ApiServer;

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
    /// Finds a program. What is shipped is the published file; a built one compiles itself while it is measured, so that it must be named.
    /// </summary>
    /// <exception cref="FileNotFoundException">It was not published; the message says how to do that.</exception>
    public static Contender Find(string name, string? operatorProgram)
    {
        var published = RepositoryFolder.PathOf("artifacts/publish/visma-operator");
        var earlier = RepositoryFolder.PathOf($"artifacts/benchmarks/{Baseline}");
        var crds = RepositoryFolder.PathOf("crds");
        var found = name switch
        {
            Operator => new Contender(name, operatorProgram ?? published, crds),
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
}
