using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace VismaOperator.Testing.ApiServer;

/// <summary>
/// Hands out TCP ports of 127.0.0.1 for programs that need to know their port beforehand. They lie below the range from which Linux gives
/// ports to outgoing connections: a server that is stopped and started again on its port would else find it taken by some client, and a
/// client that reconnects meanwhile could connect to itself.
/// </summary>
public static class FreePort
{
    private const int First = 20_000;
    private const int End = 32_000;
    private static readonly HashSet<int> given = [];

    /// <summary>A port that is free now and is not given twice by this process.</summary>
    public static int Take()
    {
        for (var attempt = 0; attempt < 200; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(First, End);
            if (IsFree(port) && Claim(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"Found no free port between {First} and {End} on 127.0.0.1.");
    }

    private static bool Claim(int port)
    {
        lock (given)
        {
            return given.Add(port);
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
