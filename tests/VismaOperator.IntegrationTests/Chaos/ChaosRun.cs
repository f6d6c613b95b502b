using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Chaos;

/// <summary>
/// How long the chaos lasts and what it is drawn from. <c>make test</c> makes a little, <c>make chaos</c> sets the variables.
/// </summary>
internal static class ChaosRun
{
    /// <summary>CHAOS_SEED: what the blows are drawn from. The same seed draws the same blows again.</summary>
    public static int Seed { get; } = EnvironmentNumber.Find("CHAOS_SEED") ?? 1;

    /// <summary>CHAOS_SECONDS: for how long blow follows blow.</summary>
    public static TimeSpan Duration { get; } = TimeSpan.FromSeconds(EnvironmentNumber.Find("CHAOS_SECONDS") ?? 60);

    /// <summary>CHAOS_CONNECTIONS: how many connections by client credentials there are, beside a few by consent.</summary>
    public static int Connections { get; } = EnvironmentNumber.Find("CHAOS_CONNECTIONS") ?? 24;

    /// <summary>CHAOS_BLOWS: the kinds of blows, with commas between; every kind by itself.</summary>
    public static IReadOnlyList<BlowKind> Blows { get; } =
        Environment.GetEnvironmentVariable("CHAOS_BLOWS") is { Length: > 0 } text
            ? [.. text.Split(',').Select(Enum.Parse<BlowKind>)]
            : Enum.GetValues<BlowKind>();

    /// <summary>CHAOS_LOAD: how many processes beside it use all the processor time that they get.</summary>
    public static int Load { get; } = EnvironmentNumber.Find("CHAOS_LOAD") ?? 0;

    /// <summary>True where the machine is meant to do nothing else: in <c>make test</c> the whole suite runs beside it.</summary>
    public static bool IsQuiet { get; } = EnvironmentNumber.Find("CHAOS_SECONDS") is not null && Load == 0;

    /// <summary>What makes the same blows again.</summary>
    public static string Replay =>
        $"To replay: CHAOS_SEED={Seed} CHAOS_SECONDS={Duration.TotalSeconds:0} CHAOS_CONNECTIONS={Connections} CHAOS_LOAD={Load}"
        + (Blows.Count == Enum.GetValues<BlowKind>().Length ? "" : $" CHAOS_BLOWS={string.Join(',', Blows)}");
}
