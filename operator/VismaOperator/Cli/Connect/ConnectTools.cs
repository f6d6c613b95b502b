using System.Net;
using VismaOperator.Clients;

namespace VismaOperator.Cli.Connect;

/// <summary>What <c>connect</c> works with.</summary>
internal sealed record ConnectTools
{
    /// <summary>Where the connection lives.</summary>
    public required IConnectionSource Source { get; init; }

    /// <summary>Where the provider is asked for what.</summary>
    public required ProviderEndpoints Endpoints { get; init; }

    /// <summary>Opens pages.</summary>
    public required IBrowser Browser { get; init; }

    /// <summary>Looks host names up.</summary>
    public required Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; }

    /// <summary>Bytes that nobody can guess.</summary>
    public required Func<int, byte[]> RandomBytes { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Where the person is told how it goes.</summary>
    public required TextWriter Output { get; init; }
}
