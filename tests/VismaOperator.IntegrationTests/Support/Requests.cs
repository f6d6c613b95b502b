using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>Kinds of requests that the operator makes of the API server, as tests count them.</summary>
internal static class Requests
{
    public static bool IsEvent(this ProxiedRequest request) => request.Path.EndsWith("/events", StringComparison.Ordinal);

    public static bool IsSecretWrite(this ProxiedRequest request) =>
        request.IsWrite && request.Path.Contains("/secrets", StringComparison.Ordinal);

    public static bool IsConnectionStatus(this ProxiedRequest request) =>
        request.IsWrite
        && request.Path.Contains("/vismaconnections/", StringComparison.Ordinal)
        && request.Path.EndsWith("/status", StringComparison.Ordinal);

    /// <summary>A write of a connection itself, not of its status.</summary>
    public static bool IsConnectionWrite(this ProxiedRequest request) =>
        request.IsWrite
        && request.Path.Contains("/vismaconnections", StringComparison.Ordinal)
        && !request.Path.Contains("/vismaconnectionsets", StringComparison.Ordinal)
        && !request.Path.EndsWith("/status", StringComparison.Ordinal);

    public static bool IsSetStatus(this ProxiedRequest request) =>
        request.IsWrite && request.Path.Contains("/vismaconnectionsets/", StringComparison.Ordinal);

    public static bool IsClientStatus(this ProxiedRequest request) =>
        request.IsWrite
        && request.Path.Contains("/oauthclients/", StringComparison.Ordinal)
        && request.Path.EndsWith("/status", StringComparison.Ordinal);

    public static bool IsRead(this ProxiedRequest request) => !request.IsWrite && !request.IsWatch;

    /// <summary>A read of the one object at the path.</summary>
    public static bool IsReadOf(this ProxiedRequest request, string path) => request.IsRead() && request.Path == path;
}
