using System.Diagnostics;
using System.Globalization;
using VismaOperator.IntegrationTests.Chaos;

namespace VismaOperator.IntegrationTests;

/// <summary>A clock that is not stepped would make every chaos of clocks pass.</summary>
public sealed class SteppedClockTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_process_that_runs_reads_the_wall_clock_as_it_was_set_meanwhile()
    {
        using var clock = await SteppedClock.CreateAsync(Ct);
        var start = new ProcessStartInfo("/bin/bash", ["-c", "while read -r _; do printf '%(%s)T\\n' -1; done"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in clock.Environment)
        {
            start.Environment[name] = value;
        }

        using var shell = Process.Start(start)!;
        foreach (var hours in new[] { 0, 3, -5, 0 })
        {
            clock.Set(TimeSpan.FromHours(hours));
            await shell.StandardInput.WriteLineAsync("now");
            var told = long.Parse((await shell.StandardOutput.ReadLineAsync(Ct))!, CultureInfo.InvariantCulture);

            var ahead = DateTimeOffset.FromUnixTimeSeconds(told) - TimeProvider.System.GetUtcNow();
            Assert.Equal(hours, Math.Round(ahead.TotalHours));
        }

        shell.StandardInput.Close();
        await shell.WaitForExitAsync(Ct);
    }
}
