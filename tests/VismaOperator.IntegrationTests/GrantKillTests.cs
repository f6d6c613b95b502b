using System.Globalization;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// Real processes that are killed in the middle of exchanges, against the real API server and a provider with one-time refresh tokens. CRASH_KILLS=N kills another
/// number of times, CRASH_SEED=N begins with another seed.
/// </summary>
public sealed class GrantKillTests(ApiServerFixture fixture)
{
    private const int Kills = 20;
    private const int Lanes = 2;

    [Fact]
    public async Task No_kill_loses_what_could_be_kept()
    {
        var (kills, seed) = (Variable("CRASH_KILLS") ?? Kills, Variable("CRASH_SEED") ?? 1);

        var lanes = await Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => KilledAsync(seed + lane, kills / Lanes)));

        var counts = lanes.SelectMany(lane => lane.Kills).GroupBy(entry => entry.Key).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Key} {group.Sum(entry => entry.Value)}");
        Console.WriteLine($"crashes: {lanes.Sum(lane => lane.Kills.Values.Sum())} SIGKILLs of real processes (seed {seed}): {string.Join(", ", counts)}");
        Console.WriteLine($"crashes: of those {lanes.Sum(lane => lane.Unavoidable)} cost a consent, as cannot be helped without a grace; must be 0 and was {lanes.Sum(lane => lane.Violations.Count)}");
        var violations = lanes.SelectMany(lane => lane.Violations).ToList();
        Assert.True(violations.Count == 0, $"CRASH_SEED={seed}:\n{string.Join('\n', violations)}");
    }

    private async Task<KillLane> KilledAsync(int seed, int kills)
    {
        await using var lane = await KillLane.OpenAsync(fixture.Server, seed);
        await lane.RunAsync(kills);
        return lane;
    }

    private static int? Variable(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
