using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace VismaOperator.Testing.ApiServer.Proxy;

/// <summary>The TCP connections of the proxy's clients, so that a test can break them.</summary>
internal sealed class ConnectionList
{
    private readonly ConcurrentDictionary<string, ConnectionContext> open = new();

    /// <summary>
    /// Keeps the connections of a listener. To be called before TLS is added, since what is broken is the bare connection.
    /// </summary>
    public void Observe(ListenOptions listen) => listen.Use(next => async connection =>
    {
        open[connection.ConnectionId] = connection;
        try
        {
            await next(connection);
        }
        finally
        {
            open.TryRemove(connection.ConnectionId, out _);
        }
    });

    public void Abort()
    {
        foreach (var connection in open.Values)
        {
            connection.Abort();
        }
    }
}
