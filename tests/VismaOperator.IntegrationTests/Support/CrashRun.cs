using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>How much trouble this run makes. <c>make test</c> makes a little, <c>make crash</c> sets the variables.</summary>
internal static class CrashRun
{
    /// <summary>CRASH_KILLS: how often processes are killed.</summary>
    public static int Kills { get; } = EnvironmentNumber.Find("CRASH_KILLS") ?? 20;

    /// <summary>CRASH_SEED: what the kills are drawn from. The same seed with the same number of kills draws the same ones again.</summary>
    public static int Seed { get; } = EnvironmentNumber.Find("CRASH_SEED") ?? 1;

    /// <summary>CRASH_OUTAGE: for how many seconds the API server takes no writes. By itself it outlasts a lease.</summary>
    public static TimeSpan Outage { get; } = TimeSpan.FromSeconds(EnvironmentNumber.Find("CRASH_OUTAGE") ?? 15);

    /// <summary>True where nothing is shortened: a lease then runs out by itself.</summary>
    public static bool IsInFull { get; } = EnvironmentNumber.Find("CRASH_OUTAGE") is not null;

    /// <summary>What makes the same kills again.</summary>
    public static string Replay => $"To replay: CRASH_SEED={Seed} CRASH_KILLS={Kills}";
}
