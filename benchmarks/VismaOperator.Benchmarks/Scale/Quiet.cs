namespace VismaOperator.Benchmarks.Scale;

/// <summary>
/// Waits until processes have come to rest, by the time of the processors alone: to ask a process whether it is done would be work for it.
/// </summary>
internal static class Quiet
{
    private static readonly TimeSpan lookEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan restFor = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan patience = TimeSpan.FromMinutes(2);

    /// <summary>Returns once less than so much time was used for two seconds; the result is when that began.</summary>
    /// <param name="used">Time used so far.</param>
    /// <param name="rest">What timers and keep-alives use in two seconds.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<long> UntilAsync(Func<TimeSpan> used, TimeSpan rest, TimeProvider time, CancellationToken cancellationToken)
    {
        var (begun, since, last) = (time.GetTimestamp(), time.GetTimestamp(), used());
        while (time.GetElapsedTime(since) < restFor && time.GetElapsedTime(begun) < patience)
        {
            await Task.Delay(lookEvery, time, cancellationToken);
            var now = used();
            if (now - last > rest)
            {
                (since, last) = (time.GetTimestamp(), now);
            }
        }

        return since;
    }
}
