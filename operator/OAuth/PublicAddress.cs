using System.Net;
using System.Net.Sockets;

namespace OAuth;

/// <summary>Distinguishes addresses of the public internet from special ones (IANA special-purpose address registries, RFC 6890).</summary>
internal static class PublicAddress
{
    private static readonly IPNetwork[] special =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("100.64.0.0/10"),
        IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("172.16.0.0/12"),
        IPNetwork.Parse("192.0.0.0/24"), IPNetwork.Parse("192.168.0.0/16"), IPNetwork.Parse("198.18.0.0/15"),
        IPNetwork.Parse("224.0.0.0/4"), IPNetwork.Parse("240.0.0.0/4"),
    ];

    /// <summary>2000::/3 is all that is routed as global unicast; loopback, link-local, unique-local and multicast lie outside.</summary>
    private static readonly IPNetwork globalUnicast = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork nat64 = IPNetwork.Parse("64:ff9b::/96");

    private static readonly IPNetwork sixToFour = IPNetwork.Parse("2002::/16");

    /// <summary>
    /// Whether a packet to <paramref name="address"/> leaves for the public internet; embedded IPv4 addresses are looked at.
    /// </summary>
    public static bool Is(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return !Array.Exists(special, network => network.Contains(address));
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return Is(address.MapToIPv4());
        }

        if (nat64.Contains(address))
        {
            return Is(new IPAddress(address.GetAddressBytes()[12..16]));
        }

        return sixToFour.Contains(address)
            ? Is(new IPAddress(address.GetAddressBytes()[2..6]))
            : globalUnicast.Contains(address);
    }
}
