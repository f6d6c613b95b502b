using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OAuth.Tests;

/// <summary>A socket that takes one token request and answers with given bytes, HTTP or not.</summary>
internal sealed class RawServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public RawServer() => listener.Start();

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

    /// <summary>The request that was served last.</summary>
    public string Received { get; private set; } = string.Empty;

    /// <summary>The first line of the request.</summary>
    public async Task<string> ServeOnceAsync(byte[] answer)
    {
        using var connection = await listener.AcceptSocketAsync(Some.Patience());
        var received = new StringBuilder();
        var buffer = new byte[4096];
        while (!received.ToString().Contains("tenant_id", StringComparison.Ordinal))
        {
            received.Append(Encoding.ASCII.GetString(buffer, 0, await connection.ReceiveAsync(buffer, Some.Patience())));
        }

        await connection.SendAsync(answer, Some.Patience());
        connection.Shutdown(SocketShutdown.Both);
        Received = received.ToString();
        return Received.Split('\r')[0];
    }

    public void Dispose() => listener.Dispose();
}
