namespace Fuzzing.Tests;

/// <summary>Something that reads what comes from outside.</summary>
/// <param name="Name">Also the folder of its corpus.</param>
/// <param name="Read">
/// Reads one input, and throws where it breaks its word: an exception that is not of its contract, a text for people that repeats a secret,
/// a result that is not what it says.
/// </param>
internal sealed record Parser(string Name, Action<byte[]> Read)
{
    /// <summary>The inputs that were committed: real ones, and those that failed once.</summary>
    public IReadOnlyList<byte[]> Corpus() =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "corpus", Name))
                .Order(StringComparer.Ordinal)
                .Select(File.ReadAllBytes),
        ];
}
