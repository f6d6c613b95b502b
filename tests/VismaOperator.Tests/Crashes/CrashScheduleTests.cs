using VismaOperator.Testing.ApiServer;

namespace VismaOperator.Tests.Crashes;

/// <summary>
/// Thousands of randomised schedules of crashes, outages, takeovers and consents; <c>make crash</c> runs four times as many. CRASH_SEED=N
/// replays one with everything that happens in it; CRASH_SCHEDULES=N runs another number.
/// </summary>
[Collection(nameof(CrashScheduleTests))]
public sealed class CrashScheduleTests
{
    private const int Schedules = 2_500;

    // Without a bound the pool adds a thread a second, a hundred at the end, since none of them comes to a rest.
    private static readonly ParallelOptions onePerProcessor = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };

    public CrashScheduleTests() => OperatorParts.Prepare();

    [Fact]
    public void No_schedule_of_crashes_loses_what_could_be_kept()
    {
        var seeds = EnvironmentNumber.Find("CRASH_SEED") is { } replayed
            ? [replayed]
            : Enumerable.Range(1, EnvironmentNumber.Find("CRASH_SCHEDULES") ?? Schedules).ToList();
        var tally = new Tally();

        Parallel.ForEach(seeds, onePerProcessor, seed => tally.Add(seed, Ran(seed, seeds.Count == 1 ? Console.WriteLine : null)));

        tally.Lines().ToList().ForEach(Console.WriteLine);
        Assert.True(tally.Failures.Count == 0, string.Join('\n', tally.Failures.Take(20)));
    }

    [Fact]
    public void A_seed_runs_the_same_way_again()
    {
        foreach (var seed in Enumerable.Range(1, 20))
        {
            var (first, second) = (new List<string>(), new List<string>());
            Ran(seed, first.Add);
            Ran(seed, second.Add);

            Assert.Equal(first, second);
        }
    }

    private static Schedule Ran(int seed, Action<string>? trace)
    {
        var schedule = new Schedule(seed, trace);
        schedule.Run();
        return schedule;
    }
}

/// <summary>
/// The schedules take every processor for a while, so tests that wait for real things to happen do not run beside them in one process.
/// <c>tests/run.sh</c> gives them a process of their own, which comes last at the processors.
/// </summary>
[CollectionDefinition(nameof(CrashScheduleTests), DisableParallelization = true)]
public sealed class CrashSchedules;
