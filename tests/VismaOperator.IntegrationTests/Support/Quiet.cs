using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>Nothing happens, for a while: the only thing for which time itself must be waited for.</summary>
internal static class Quiet
{
    /// <summary>Looks again and again for so long; the assertion fails as soon as it does not hold.</summary>
    public static Task HoldsForAsync(TimeSpan duration, Action assertion, CancellationToken cancellationToken)
    {
        var begun = TimeProvider.System.GetTimestamp();
        return Eventually.BecomesTrueAsync($"{duration.TotalSeconds:0.#} s to pass", () =>
        {
            assertion();
            return TimeProvider.System.GetElapsedTime(begun) >= duration;
        }, cancellationToken, duration + Eventually.Patience);
    }

    /// <summary>Waits until a count has stayed the same for so long.</summary>
    public static Task UntilUnchangedAsync(Func<int> count, TimeSpan duration, CancellationToken cancellationToken)
    {
        var (last, since) = (count(), TimeProvider.System.GetTimestamp());
        return Eventually.BecomesTrueAsync($"{duration.TotalSeconds:0.#} s without anything new", () =>
        {
            if (count() is var now && now != last)
            {
                (last, since) = (now, TimeProvider.System.GetTimestamp());
            }

            return TimeProvider.System.GetElapsedTime(since) >= duration;
        }, cancellationToken);
    }
}
