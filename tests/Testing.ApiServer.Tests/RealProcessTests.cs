using VismaOperator.Testing.ApiServer.Processes;
using Xunit;

namespace VismaOperator.Testing.ApiServer.Tests;

public sealed class RealProcessTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Output_is_seen_and_an_orderly_end_gives_the_exit_code()
    {
        await using var process = Shell("trap 'echo leaving; exit 7' TERM; echo ready; while :; do read -r line || sleep 0.02; done");
        await process.WaitForLineAsync("ready", Ct);

        Assert.Equal(7, await process.TerminateAsync(Ct));

        Assert.Equal(["ready", "leaving"], process.Lines);
    }

    [Fact]
    public async Task A_wait_for_a_line_fails_at_once_when_the_process_ends_without_it()
    {
        await using var process = Shell("echo 'no such option' >&2; exit 3");

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => process.WaitForLineAsync("ready", Ct));

        Assert.Contains("exit code 3", failure.Message, StringComparison.Ordinal);
        Assert.Contains("no such option", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_guard_kills_what_still_runs_when_the_test_process_is_gone()
    {
        await using var left = Shell("echo ready; exec sleep 600");
        await using var finished = Shell("echo ready");
        await using var strange = Shell("echo ready; exec sleep 600");
        await Task.WhenAll(left.WaitForLineAsync("ready", Ct), strange.WaitForLineAsync("ready", Ct), finished.WaitForExitAsync(Ct));
        var guard = new ProcessGuard();
        guard.Add(finished.Id);
        guard.Add(left.Id);
        guard.Drop(finished.Id);

        // The kernel closes the pipe to the guard in the same way when the process that holds it is killed.
        guard.Dispose();

        Assert.Equal(128 + 9, await left.WaitForExitAsync(Ct));
        Assert.False(strange.HasExited);
    }

    private static RealProcess Shell(string script) =>
        RealProcess.Start(new ProcessCommand("script", "/bin/sh", ["-c", script], Path.GetTempFileName()));
}
