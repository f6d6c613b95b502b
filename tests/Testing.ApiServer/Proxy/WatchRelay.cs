using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace VismaOperator.Testing.ApiServer.Proxy;

/// <summary>
/// Carries one open watch from the API server to the client, as late as <see cref="WatchControl"/> says and never out of order.
/// </summary>
internal sealed class WatchRelay(WatchControl control, HttpContext context) : IDisposable
{
    private readonly CancellationTokenSource ended = new();

    public void Cut() => context.Abort();

    public void End() => ended.Cancel();

    public void Dispose() => ended.Dispose();

    /// <summary>Returns when either side, or a test, ends the watch.</summary>
    public async Task RelayAsync(Stream upstream)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ended.Token, context.RequestAborted);
        var pieces = Channel.CreateUnbounded<Piece>();
        control.Add(this);
        try
        {
            // The client learns at once that the watch is accepted, even when nothing happens for a while.
            await context.Response.Body.FlushAsync(stop.Token);
            var reading = ReadAsync(upstream, pieces.Writer, stop.Token);
            await WriteAsync(pieces.Reader, stop.Token);
            await reading;
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // A test ended the watch: the response completes as after the server's time limit.
        }
        finally
        {
            control.Remove(this);
            await stop.CancelAsync();
        }
    }

    private async Task ReadAsync(Stream upstream, ChannelWriter<Piece> pieces, CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        var buffer = new byte[16 * 1024];
        try
        {
            int length;
            while ((length = await upstream.ReadAsync(buffer, cancellationToken)) > 0)
            {
                pieces.TryWrite(new Piece(buffer[..length], clock.GetUtcNow() + control.Delay));
            }

            pieces.Complete();
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or OperationCanceledException)
        {
            pieces.Complete(exception);
        }
    }

    private async Task WriteAsync(ChannelReader<Piece> pieces, CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        await foreach (var piece in pieces.ReadAllAsync(cancellationToken))
        {
            if (piece.Due - clock.GetUtcNow() is var wait && wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, clock, cancellationToken);
            }

            await control.WhenReleasedAsync().WaitAsync(cancellationToken);
            await context.Response.Body.WriteAsync(piece.Bytes, cancellationToken);
            await context.Response.Body.FlushAsync(cancellationToken);
        }
    }

    private sealed record Piece(byte[] Bytes, DateTimeOffset Due);
}
