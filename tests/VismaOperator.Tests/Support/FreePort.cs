using System.Net;
using System.Net.Sockets;

namespace VismaOperator.Tests.Support;

/// <summary>Ports of this machine that nobody listens on, below the range from which outgoing connections take theirs.</summary>
internal static class FreePort
{
    private static int last = 20_000 + (Environment.ProcessId % 5_000);

    public static int Take()
    {
        while (true)
        {
            var port = Interlocked.Increment(ref last);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: the next one.
            }
        }
    }
}
