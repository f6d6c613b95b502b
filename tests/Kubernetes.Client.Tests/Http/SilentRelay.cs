using System.Net;
using System.Net.Sockets;

namespace Kubernetes.Client.Tests.Http;

/// <summary>
/// Stands between a client and a server as a network does, and can fall silent as one: from then on it passes nothing on and closes
/// nothing, as when a node loses its power.
/// </summary>
internal sealed class SilentRelay : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource over = new();
    private readonly Uri server;
    private readonly Task accepting;
    private volatile bool isSilent;

    public SilentRelay(Uri server)
    {
        this.server = server;
        listener.Start();
        accepting = AcceptAsync();
    }

    public Uri Address => new UriBuilder(server) { Port = ((IPEndPoint)listener.LocalEndpoint).Port }.Uri;

    public void FallSilent() => isSilent = true;

    public async ValueTask DisposeAsync()
    {
        await over.CancelAsync();
        listener.Dispose();
        await accepting;
        over.Dispose();
    }

    private async Task AcceptAsync()
    {
        var relayed = new List<Task>();
        try
        {
            while (true)
            {
                relayed.Add(RelayAsync(await listener.AcceptTcpClientAsync(over.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(relayed);
        }
    }

    private async Task RelayAsync(TcpClient accepted)
    {
        using var client = accepted;
        using var upstream = new TcpClient();
        try
        {
            await upstream.ConnectAsync(IPAddress.Loopback, server.Port, over.Token);
            await Task.WhenAll(
                PassOnAsync(client.GetStream(), upstream.GetStream()),
                PassOnAsync(upstream.GetStream(), client.GetStream())
            );
        }
        catch (Exception end) when (end is OperationCanceledException or IOException)
        {
            // The test is over, or one of the two has closed.
        }
    }

    private async Task PassOnAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[16 * 1024];
        while (await from.ReadAsync(buffer, over.Token) is > 0 and var length)
        {
            if (!isSilent)
            {
                await to.WriteAsync(buffer.AsMemory(0, length), over.Token);
            }
        }
    }
}
