using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests.Support;

/// <summary>A state that an object can be in, and what Argo CD and Flux should make of it.</summary>
/// <param name="Name">Also the name of the recording.</param>
/// <param name="Health">A health status of Argo CD.</param>
/// <param name="Flux">What Flux's expressions come to: Current, Failed or InProgress.</param>
internal sealed record State(string Name, string Health, string Flux)
{
    /// <summary>Every state; a real operator was brought into each, and the objects are in <c>recorded/</c>.</summary>
    public static IReadOnlyList<State> All { get; } =
    [
        new("connection-ready", "Healthy", "Current"),
        new("connection-outage", "Healthy", "Current"),          // the provider is away, the token still good
        new("connection-renewal-refused", "Degraded", "Failed"), // the token still good, but a person must act
        new("connection-expired", "Degraded", "InProgress") /* until the provider is back */,
        new("connection-tenant-refused", "Degraded", "Failed"),
        new("connection-scopes-missing", "Healthy", "Current"),   // the message says which
        new("connection-secret-missing", "Degraded", "Failed"),   // for more than a minute
        new("connection-scope-refused", "Degraded", "Failed"),
        new("connection-api-host-not-allowed", "Degraded", "Failed"),
        new("connection-secret-not-owned", "Degraded", "Failed"),
        new("connection-provider-away", "Progressing", "InProgress"), // no token yet
        new("connection-client-missing", "Progressing", "InProgress"),
        new("connection-awaiting-consent", "Progressing", "InProgress"),
        new("connection-consented", "Healthy", "Current"),
        new("connection-consent-expiring", "Healthy", "Current"), // the message says until when
        new("connection-consent-lost", "Degraded", "Failed"),     // the token still good
        new("connection-consent-lost-and-expired", "Degraded", "Failed"),
        new("connection-grant-used-elsewhere", "Degraded", "Failed"),
        new("connection-suspended", "Suspended", "InProgress"),
        new("connection-suspended-with-token", "Suspended", "Current"),
        new("connection-unseen", "Progressing", "InProgress"),
        new("connection-changed", "Progressing", "InProgress"),
        new("connection-deleting", "Progressing", "InProgress"),
        new("client-ready", "Healthy", "Current"),
        new("client-secret-expiring", "Healthy", "Current"), // the message says when
        new("client-provider-away", "Progressing", "InProgress"),
        new("client-secret-missing", "Progressing", "InProgress"),
        new("client-refused", "Degraded", "Failed"),
        new("client-unseen", "Progressing", "InProgress"),
    ];

    /// <summary>The object in this state.</summary>
    public JsonNode Read() => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, Name + ".json")))!;

    /// <summary>The names of the recorded objects.</summary>
    public static IEnumerable<string> Names() =>
        Directory.GetFiles(Folder, "*.json").Select(Path.GetFileNameWithoutExtension).OfType<string>().Order(StringComparer.Ordinal);

    private static string Folder { get; } = RepositoryFolder.PathOf("tests/VismaOperator.ChartTests/recorded");
}
