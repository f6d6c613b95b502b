using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;

namespace VismaOperator.Consent.Web;

/// <summary>
/// Bounds how often one address may ask, since every request with a guessed link costs a request to the API server. Addresses are those of
/// TCP: behind a proxy all people share one, so the bound is wide, and the proxy can limit each of its clients. A visitor with a link or an
/// attempt that exists has a budget besides.
/// </summary>
internal sealed class RequestLimit(int burst, int perSecond) : IDisposable
{
    private const int NetworkLength = 8; // bytes: a /64 is one subscriber

    // One person who clicks and reloads. There are no more of these budgets than links and attempts.
    private const int KnownBurst = 20;
    private const int KnownPerSecond = 1;

    private readonly PartitionedRateLimiter<IPAddress> addresses = PartitionedRateLimiter.Create<IPAddress, IPAddress>(address =>
        RateLimitPartition.GetTokenBucketLimiter(NetworkOf(address), _ => BucketOf(burst, perSecond)));

    private readonly PartitionedRateLimiter<string> visitors = PartitionedRateLimiter.Create<string, string>(visitor =>
        RateLimitPartition.GetTokenBucketLimiter(visitor, _ => BucketOf(KnownBurst, KnownPerSecond)));

    /// <summary>False when the address must wait.</summary>
    public bool Allows(IPAddress? address)
    {
        using var lease = addresses.AttemptAcquire(address ?? IPAddress.None);
        return lease.IsAcquired;
    }

    /// <summary>False when a known visitor, who may go on when the address must wait, must wait as well.</summary>
    /// <param name="visitor">A link or an attempt that exists.</param>
    public bool AllowsKnown(string visitor)
    {
        using var lease = visitors.AttemptAcquire(visitor);
        return lease.IsAcquired;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        addresses.Dispose();
        visitors.Dispose();
    }

    private static TokenBucketRateLimiterOptions BucketOf(int burst, int perSecond) =>
        new() { TokenLimit = burst, TokensPerPeriod = perSecond, ReplenishmentPeriod = TimeSpan.FromSeconds(1), QueueLimit = 0 };

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
