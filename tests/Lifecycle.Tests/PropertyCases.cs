namespace Lifecycle.Tests;

/// <summary>
/// With how many cases a property is tried. <c>make mutate</c> tries it on a thousand mutants, with a tenth of them: what only thousands
/// of cases would notice deserves a row in a table.
/// </summary>
internal static class PropertyCases
{
#if MUTATING
    private const int Part = 10;
#else
    private const int Part = 1;
#endif

    /// <summary>For one decision.</summary>
    public const int Many = 5_000 / Part;

    /// <summary>For the whole life of a connection, and for other properties of which one case is long.</summary>
    public const int Few = 1_000 / Part;
}
