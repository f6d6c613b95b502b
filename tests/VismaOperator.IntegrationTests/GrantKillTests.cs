using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// Real processes that are killed in the middle of exchanges, against the real API server and a provider with one-time refresh tokens. How
/// often: <see cref="CrashRun"/>.
/// </summary>
public sealed class GrantKillTests(ApiServerFixture fixture)
{
    private const int Lanes = 2;

    [Fact]
    public async Task No_kill_loses_what_could_be_kept()
    {
        var batches = KillPlan.Draw(CrashRun.Seed, CrashRun.Kills, KillLane.Connections.Count);
        var tally = new KillTally();

        await Task.WhenAll(
            Enumerable.Range(0, Lanes).Select(lane => KillAsync(batches.Where((_, number) => number % Lanes == lane), tally))
        );

        tally.Lines().ToList().ForEach(Console.WriteLine);
        Assert.True(tally.Violations.Count == 0, $"{CrashRun.Replay}\n{string.Join('\n', tally.Violations)}");
        Assert.True(
            tally.Missed.Count == 0 || CrashRun.Kills < KillPoints.All.Count,
            $"Nobody was killed at {string.Join(", ", tally.Missed)}."
        );
    }

    [Fact]
    public void A_seed_draws_the_same_kills_again_and_leaves_no_point_out()
    {
        foreach (var seed in Enumerable.Range(1, 100))
        {
            var batches = KillPlan.Draw(seed, 20, KillLane.Connections.Count);

            Assert.Equal(
                batches.SelectMany(batch => batch),
                KillPlan.Draw(seed, 20, KillLane.Connections.Count).SelectMany(batch => batch)
            );
            Assert.Equal(20, batches.Sum(batch => batch.Count));
            Assert.Equal(KillPoints.All, batches.SelectMany(batch => batch).Select(strike => strike.Point).Distinct().Order());
            Assert.All(batches, batch => Assert.Distinct(batch.Select(strike => strike.Connection)));
        }
    }

    // A lane that comes to a standstill is a failure too, and as much in need of its seed.
    private async Task KillAsync(IEnumerable<IReadOnlyList<Strike>> batches, KillTally tally)
    {
        try
        {
            await using var lane = await KillLane.OpenAsync(fixture.Server, tally);
            await lane.RunAsync(batches);
        }
        catch (Exception failure) when (failure is TimeoutException or InvalidOperationException)
        {
            throw new InvalidOperationException($"{CrashRun.Replay}\n{failure.Message}", failure);
        }
    }
}
