namespace VismaOperator.ChartTests.Support;

/// <summary>A state that an object can be in, and what Argo CD should make of it.</summary>
/// <param name="Name">Also the name of the recording.</param>
/// <param name="Health">A health status of Argo CD.</param>
internal sealed record State(string Name, string Health)
{
    public static IReadOnlyList<State> All { get; } =
    [
        new("connection-ready", "Healthy"),
        new("connection-outage", "Healthy"),          // the provider is away, the token still good
        new("connection-renewal-refused", "Degraded"), // the token still good, but a person must act
        new("connection-expired", "Degraded"),
        new("connection-tenant-refused", "Degraded"),
        new("connection-scope-refused", "Degraded"),
        new("connection-api-host-not-allowed", "Degraded"),
        new("connection-secret-not-owned", "Degraded"),
        new("connection-client-missing", "Progressing"),
        new("connection-suspended", "Suspended"),
        new("connection-unseen", "Progressing"),
        new("connection-changed", "Progressing"),
        new("connection-deleting", "Progressing"),
        new("client-ready", "Healthy"),
        new("client-secret-missing", "Progressing"),
        new("client-refused", "Degraded"),
        new("client-unseen", "Progressing"),
    ];
}
