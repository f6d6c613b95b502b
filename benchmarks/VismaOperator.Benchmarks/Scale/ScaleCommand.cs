using System.CommandLine;
using System.CommandLine.Parsing;

namespace VismaOperator.Benchmarks.Scale;

/// <summary><c>scale</c>: reads the options, measures, and prints the tables.</summary>
internal static class ScaleCommand
{
    /// <summary>Runs; the result is the exit code.</summary>
    public static Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        var connections = new Option<int[]>("--connections")
        {
            Description = "How many VismaConnections; several numbers are measured one after another.",
            CustomParser = Numbers,
            DefaultValueFactory = _ => [1000],
        };
        var workers = new Option<int[]>("--workers")
        {
            Description = "Workers of the operator; several numbers are measured one after another.",
            CustomParser = Numbers,
            DefaultValueFactory = _ => [8],
        };
        var program = new Option<string?>("--operator")
        {
            Description = "The executable to measure. Default: the published one in artifacts/publish, else the built one.",
        };
        var extra = new Option<string[]>("--argument")
        {
            Description = "A further argument of the operator, for example --argument=--log-level=warning.",
        };
        var command = new RootCommand("Measures the operator with many connections against a real API server.")
        {
            connections,
            workers,
            program,
            extra,
        };
        command.SetAction(
            async (parsed, stop) =>
            {
                var options = new ScaleOptions(
                    parsed.GetValue(connections)!,
                    parsed.GetValue(workers)!,
                    ScaleOptions.FindProgram(parsed.GetValue(program)),
                    parsed.GetValue(extra) ?? []
                );
                await new ScaleRun(options, TimeProvider.System, Console.Out).RunAsync(stop);
                return 0;
            }
        );
        return command.Parse([.. arguments]).InvokeAsync();
    }

    private static int[]? Numbers(ArgumentResult argument)
    {
        var numbers = new List<int>();
        foreach (var text in argument.Tokens.SelectMany(token => token.Value.Split(',')))
        {
            if (!int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) || number < 1)
            {
                argument.AddError($"'{text}' is no number above 0.");
                return null;
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }
}
