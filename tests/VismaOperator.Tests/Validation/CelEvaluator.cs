using System.Diagnostics;
using System.Text.Json.Nodes;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Validation;

/// <summary>A CEL evaluator in a process of its own (tests/cel), started once for all tests of a class.</summary>
public sealed class CelEvaluator : IAsyncLifetime
{
    private const string Remedy =
        "The CEL rules are tested with Node.js: install node 20 or later and npm, and see that npm can reach its registry.";

    private readonly SemaphoreSlim turn = new(1);
    private Process? process;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        var folder = Repository.Path("tests", "cel");
        using (var install = Start("sh", folder, "obtain.sh"))
        {
            var output = install.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await install.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(install.ExitCode == 0, $"{Remedy}\n`npm ci` in tests/cel failed:\n{await output}");
        }

        process = Start("node", folder, "evaluate.js");
    }

    /// <summary>For each rule with its value, in order: null when the rule holds, else why it does not.</summary>
    internal async Task<IReadOnlyList<string?>> RefusalsAsync(
        IEnumerable<(string Rule, JsonNode Self)> asked,
        CancellationToken cancellationToken
    )
    {
        var question = new JsonArray([
            .. asked.Select(pair => new JsonObject { ["rule"] = pair.Rule, ["self"] = pair.Self.DeepClone() }),
        ]);
        await turn.WaitAsync(cancellationToken);
        try
        {
            await process!.StandardInput.WriteLineAsync(question.ToJsonString().AsMemory(), cancellationToken);
            await process.StandardInput.FlushAsync(cancellationToken);
            var answer = await process.StandardOutput.ReadLineAsync(cancellationToken);
            if (answer is null)
            {
                Assert.Fail($"{Remedy}\nevaluate.js ended:\n{await process.StandardError.ReadToEndAsync(cancellationToken)}");
            }

            var answers = JsonNode.Parse(answer)!.AsArray();
            Assert.Equal(question.Count, answers.Count);
            return [.. answers.Select(item => Refusal(item!))];
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }

        turn.Dispose();
    }

    private static string? Refusal(JsonNode answer) =>
        answer["error"] is { } error ? $"error: {error}" : answer["result"]!.GetValue<bool>() ? null : "false";

    private static Process Start(string program, string folder, params string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = folder,
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = program == "node",
            })!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new InvalidOperationException($"{Remedy} ({program}: {exception.Message})", exception);
        }
    }
}
