using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace VismaOperator.Benchmarks.Scale;

/// <summary><c>scale</c>: reads the options, measures, and leaves the results.</summary>
internal static class ScaleCommand
{
    private static readonly Option<string[]> rows = new("--rows")
    {
        Description = $"What to measure, of {string.Join(", ", ScaleRun.Rows)}.",
        CustomParser = Words(ScaleRun.Rows),
        DefaultValueFactory = _ => [.. ScaleRun.Rows],
    };

    private static readonly Option<int[]> connections = new("--connections")
    {
        Description = "How many VismaConnections; several numbers are measured one after another.",
        CustomParser = Numbers,
        DefaultValueFactory = _ => [1000],
    };

    private static readonly Option<string[]> programs = new("--programs")
    {
        Description = $"What to compare, of {string.Join(", ", Contender.All)}.",
        CustomParser = Words(Contender.All),
        DefaultValueFactory = _ => [.. Contender.All],
    };

    private static readonly Option<int> rounds = new("--rounds")
    {
        Description = $"How often the rows of up to {ScaleRun.Small} connections are taken; the figures are medians.",
        DefaultValueFactory = _ => 3,
    };

    private static readonly Option<int> workers = new("--workers")
    {
        Description = "Workers of each program.",
        DefaultValueFactory = _ => 16,
    };

    private static readonly Option<double> idle = new("--idle")
    {
        Description = "Minutes of rest before the memory of the row 'idle' is taken.",
        DefaultValueFactory = _ => 5,
    };

    private static readonly Option<int> wave = new("--wave")
    {
        Description = "Connections of the row 'renewals'.",
        DefaultValueFactory = _ => 1000,
    };

    private static readonly Option<int> secrets = new("--secrets")
    {
        Description = "Unrelated Secrets of the row 'secrets'.",
        DefaultValueFactory = _ => 50_000,
    };

    private static readonly Option<string?> program = new("--operator")
    {
        Description = "The operator to measure. Default: the published one in artifacts/publish.",
    };

    private static readonly Option<string[]> extra = new("--argument")
    {
        Description = "A further argument of the operator, for example --argument=--log-level=warning.",
    };

    private static readonly Option<string> revision = new("--revision")
    {
        Description = "The commit that the operator was built from, for the record.",
        DefaultValueFactory = _ => "",
    };

    private static readonly Option<string?> results = new("--results")
    {
        Description = "The folder that keeps the results; what it holds of other rows stays. Default: none, the tables are printed only.",
    };

    private static readonly Option<string?> page = new("--page")
    {
        Description = "A Markdown page whose measured part is to show these results, docs/performance.md for example.",
    };

    /// <summary>Runs; the result is the exit code.</summary>
    public static Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        var command = new RootCommand("Measures the operator against a real API server.")
        {
            rows, connections, programs, rounds, workers, idle, wave, secrets, program, extra, revision, results, page,
        };
        command.SetAction(
            async (parsed, stop) =>
            {
                try
                {
                    await new ScaleRun(Options(parsed), TimeProvider.System, Console.Out).RunAsync(stop);
                    return 0;
                }
                catch (FileNotFoundException exception)
                {
                    await Console.Error.WriteLineAsync(exception.Message);
                    return 1;
                }
            }
        );
        return command.Parse([.. arguments]).InvokeAsync();
    }

    private static ScaleOptions Options(ParseResult parsed) => new()
    {
        Rows = parsed.GetValue(rows)!,
        Connections = parsed.GetValue(connections)!,
        Contenders = [.. parsed.GetValue(programs)!.Select(name => Contender.Find(name, parsed.GetValue(program)))],
        Rounds = Math.Max(parsed.GetValue(rounds), 1),
        Workers = parsed.GetValue(workers),
        Idle = TimeSpan.FromMinutes(parsed.GetValue(idle)),
        Wave = parsed.GetValue(wave),
        Secrets = parsed.GetValue(secrets),
        MoreArguments = parsed.GetValue(extra) ?? [],
        Revision = parsed.GetValue(revision)!,
        Results = parsed.GetValue(results),
        Page = parsed.GetValue(page),
    };

    private static Func<ArgumentResult, string[]?> Words(IReadOnlyList<string> known) => argument =>
    {
        var words = Split(argument).ToArray();
        if (words.Except(known, StringComparer.Ordinal).FirstOrDefault() is { } unknown)
        {
            argument.AddError($"'{unknown}' is none of {string.Join(", ", known)}.");
            return null;
        }

        return words;
    };

    private static int[]? Numbers(ArgumentResult argument)
    {
        var numbers = new List<int>();
        foreach (var text in Split(argument))
        {
            if (!int.TryParse(text, CultureInfo.InvariantCulture, out var number) || number < 1)
            {
                argument.AddError($"'{text}' is no number above 0.");
                return null;
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    private static IEnumerable<string> Split(ArgumentResult argument) =>
        argument.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries));
}
