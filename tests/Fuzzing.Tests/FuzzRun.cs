using VismaOperator.Testing.ApiServer;

namespace Fuzzing.Tests;

/// <summary>
/// How long each parser is fuzzed, and from which seed. <c>make test</c> does a little, <c>make fuzz</c> sets the variables.
/// </summary>
internal static class FuzzRun
{
    /// <summary>FUZZ_SECONDS: for each parser.</summary>
    public static TimeSpan Duration { get; } = TimeSpan.FromSeconds(EnvironmentNumber.Find("FUZZ_SECONDS") ?? 1);

    /// <summary>FUZZ_SEED: what the inputs are drawn from.</summary>
    public static int Seed { get; } = EnvironmentNumber.Find("FUZZ_SEED") ?? 1;

    /// <summary>FUZZ_PARSERS: the names of those to feed, with commas between; every one by itself.</summary>
    public static IEnumerable<Parser> Parsers { get; } =
        Environment.GetEnvironmentVariable("FUZZ_PARSERS") is { Length: > 0 } text
            ? text.Split(',').Select(name => Fuzzing.Tests.Parsers.All.Single(parser => parser.Name == name)).ToList()
            : Fuzzing.Tests.Parsers.All;
}
