namespace OAuth;

/// <summary>
/// The slots of one issuer: so many requests are on the wire at once. Of those that wait for a slot, the one that is needed first goes
/// first, and none waits for ever; see <see cref="ReadyKeys{TKey}"/>. Safe for use by many threads.
/// </summary>
internal sealed class IssuerSlots(int count, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly ReadyKeys<TaskCompletionSource> waiting = new(time);
    private int taken;

    /// <summary>How many slots are taken, and how many requests wait for one.</summary>
    public (int Taken, int Waiting) Count
    {
        get
        {
            lock (gate)
            {
                return (taken, waiting.Count);
            }
        }
    }

    /// <summary>Takes a slot. Give it back by <see cref="Leave"/>.</summary>
    /// <param name="neededBy">By when the outcome is needed; null for as soon as possible.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task EnterAsync(DateTimeOffset? neededBy, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Queue(neededBy) is { } turn)
        {
            await using var registration = cancellationToken.UnsafeRegister(_ => GiveUp(turn, cancellationToken), null);
            await turn.Task;
        }
    }

    /// <summary>Gives a slot back, to the next request that waits.</summary>
    public void Leave() => Next()?.SetResult();

    // Null where a slot was free.
    private TaskCompletionSource? Queue(DateTimeOffset? neededBy)
    {
        lock (gate)
        {
            if (taken < count)
            {
                taken++;
                return null;
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Add(turn, neededBy);
            return turn;
        }
    }

    private TaskCompletionSource? Next()
    {
        lock (gate)
        {
            if (waiting.Count > 0)
            {
                return waiting.Take();
            }

            taken--;
            return null;
        }
    }

    private void GiveUp(TaskCompletionSource turn, CancellationToken cancellationToken)
    {
        bool waited;
        lock (gate)
        {
            waited = waiting.Remove(turn);
        }

        if (waited)
        {
            turn.SetCanceled(cancellationToken);
        }
    }
}
