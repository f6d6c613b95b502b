using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;

namespace VismaOperator.Consent;

/// <summary>
/// Bounds how often one address may ask, since every request with a guessed link costs the API server a look. Addresses are those of TCP: behind a proxy all people
/// share its address, so the bound is wide; a proxy that knows its clients can limit each of them.
/// </summary>
internal sealed class RequestLimit(int burst, int perSecond) : IDisposable
{
    private const int NetworkLength = 8; // bytes: a /64 is one subscriber

    private readonly PartitionedRateLimiter<IPAddress> limiter = PartitionedRateLimiter.Create<IPAddress, IPAddress>(address => RateLimitPartition.GetTokenBucketLimiter(
        NetworkOf(address),
        _ => new TokenBucketRateLimiterOptions { TokenLimit = burst, TokensPerPeriod = perSecond, ReplenishmentPeriod = TimeSpan.FromSeconds(1), QueueLimit = 0 }));

    /// <summary>False when the address must wait.</summary>
    public bool Allows(IPAddress? address)
    {
        using var lease = limiter.AttemptAcquire(address ?? IPAddress.None);
        return lease.IsAcquired;
    }

    /// <inheritdoc/>
    public void Dispose() => limiter.Dispose();

    private static IPAddress NetworkOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        Array.Clear(bytes, NetworkLength, bytes.Length - NetworkLength);
        return new IPAddress(bytes);
    }
}
