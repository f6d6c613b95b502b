using System.Threading.Channels;

namespace VismaOperator.Local;

/// <summary>Lets one loop sleep until something changed or a time has passed. Many changes during one round make one more round.</summary>
internal sealed class Wakeup(TimeProvider time)
{
    private readonly Channel<bool> signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );

    /// <summary>Something changed. Never blocks.</summary>
    public void Signal() => signal.Writer.TryWrite(true);

    /// <summary>Waits for the next signal, at most this long.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var limit = Deadline.Linked(atMost, time, cancellationToken);
        try
        {
            await signal.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time has passed.
        }
    }
}
