using System.Globalization;

namespace Fuzzing.Tests;

/// <summary>
/// How long each parser is fuzzed, and from which seed. <c>make test</c> does a little, <c>make fuzz</c> sets the variables.
/// </summary>
internal static class FuzzRun
{
    /// <summary>FUZZ_SECONDS: for each parser.</summary>
    public static TimeSpan Duration { get; } = TimeSpan.FromSeconds(Variable("FUZZ_SECONDS") ?? 1);

    /// <summary>FUZZ_SEED: what the inputs are drawn from.</summary>
    public static int Seed { get; } = Variable("FUZZ_SEED") ?? 1;

    private static int? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
