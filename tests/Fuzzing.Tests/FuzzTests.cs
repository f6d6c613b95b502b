namespace Fuzzing.Tests;

/// <summary>Everything that parses input from outside takes any input, in a moment, and says no secret. See docs/reliability.md.</summary>
public sealed class FuzzTests
{
    // What one input may take of the processor, whatever else the machine does. The inputs have 256 KiB at most, and reading them takes
    // milliseconds; only a loop takes so long.
    private static readonly TimeSpan moment = TimeSpan.FromSeconds(10);

    public static TheoryData<string> Names => [.. FuzzRun.Parsers.Select(parser => parser.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_input_of_the_corpus_is_read(string name)
    {
        var parser = Parsers.All.Single(one => one.Name == name);

        Assert.NotEmpty(parser.Corpus());
        foreach (var input in parser.Corpus())
        {
            Read(parser, input);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Any_input_is_read_or_rejected(string name)
    {
        var parser = Parsers.All.Single(one => one.Name == name);
        var mutator = new Mutator(parser.Corpus(), new Random(FuzzRun.Seed));
        var begun = TimeProvider.System.GetTimestamp();
        var inputs = 0L;
        while (TimeProvider.System.GetElapsedTime(begun) < FuzzRun.Duration)
        {
            Read(parser, mutator.Next());
            inputs++;
        }

        Console.WriteLine($"fuzz: {name}: {inputs} inputs (FUZZ_SEED={FuzzRun.Seed} FUZZ_SECONDS={FuzzRun.Duration.TotalSeconds:0})");
    }

    // An input that fails is kept, to be read and to enter the corpus.
    private static void Read(Parser parser, byte[] input)
    {
        var used = Environment.CpuUsage.TotalTime;
        try
        {
            parser.Read(input);
        }
        catch (Exception failure)
        {
            var file = Path.Combine(Directory.CreateTempSubdirectory($"fuzz-{parser.Name}-").FullName, "input");
            File.WriteAllBytes(file, input);
            throw new InvalidOperationException($"{parser.Name} failed on {file} (FUZZ_SEED={FuzzRun.Seed}): {failure}", failure);
        }

        Assert.True(Environment.CpuUsage.TotalTime - used < moment, $"{parser.Name} took too long for {input.Length} bytes.");
    }
}
