using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Kubernetes.Client.Tests.Http;

/// <summary>
/// An HTTP proxy on the loopback address that keeps what it is asked for and refuses it with 502: enough to see who goes through a proxy,
/// and nothing is
/// dialled for it.
/// </summary>
internal sealed class RecordingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;

    public RecordingProxy()
    {
        listener.Start();
        accepting = AcceptAsync();
    }

    public Uri Address => new($"http://{listener.LocalEndpoint}");

    /// <summary>The hosts that were asked for, with their ports.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await accepting;
        listener.Stop();
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(stop.Token);
                await RefuseAsync(client);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task RefuseAsync(TcpClient client)
    {
        try
        {
            await using var stream = client.GetStream();
            using var reader = new StreamReader(stream);
            var target = (await reader.ReadLineAsync(stop.Token))?.Split(' ').ElementAtOrDefault(1) ?? string.Empty;
            while (await reader.ReadLineAsync(stop.Token) is { Length: > 0 })
            {
                // The headers say nothing that matters here.
            }

            Asked.Enqueue(
                Uri.TryCreate(target, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttp ? address.Authority : target
            );
            await stream.WriteAsync("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), stop.Token);
        }
        catch (IOException)
        {
            // The client is gone; it was recorded or had not asked yet.
        }
    }
}
