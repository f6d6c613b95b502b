using System.Diagnostics;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Local;

/// <summary>Local mode as a process that loses one of its background loops.</summary>
public sealed class LostLoopTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Local_mode_that_loses_a_background_loop_ends_with_one_message_and_the_cause()
    {
        // A token that an edited state directory has under a name that would leave --out.
        folder.CreateFolder("manifests");
        Directory.CreateDirectory(folder["state", "secrets", "here"]);
        File.SetUnixFileMode(folder["state"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        folder.Write(
            "state/secrets/here/acme-token.json",
            """
            {
              "apiVersion": "v1", "kind": "Secret", "type": "visma-operator.io/token", "data": {"access_token": "czNjcmV0"},
              "metadata": {
                "name": "../../elsewhere", "namespace": "here", "uid": "1", "resourceVersion": "1",
                "creationTimestamp": "2026-11-29T12:00:00Z", "labels": {"visma-operator.io/secret": "token"}
              }
            }
            """
        );

        var (exitCode, output, errors) = await RunAsync(
            "local",
            "-f",
            folder["manifests"],
            "--out",
            folder["out"],
            "--state",
            folder["state"]
        );

        Assert.Equal(1, exitCode);
        Assert.Empty(output);
        var told = Assert.Single(errors.Split('\n'), line => line.Contains("failed", StringComparison.Ordinal));
        Assert.Contains(
            "The background loop 'token files' failed: '../../elsewhere' cannot be the name of a namespace or object.",
            told,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", errors, StringComparison.Ordinal);
        Assert.False(Path.Exists(folder["elsewhere"]));
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "visma-operator"), arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            patience.CancelAfter(TestOperator.Patience);
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
