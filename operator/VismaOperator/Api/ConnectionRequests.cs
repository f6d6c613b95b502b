using Lifecycle;

namespace VismaOperator.Api;

/// <summary>What a connection asks for, as its annotations and its spec say it.</summary>
internal static class ConnectionRequests
{
    // status.lastHandledReconcileAt and lastHandledProbeAt hold no more.
    private const int MaxEcho = 1024;

    /// <summary>The value that asks for a refresh now; ours counts before Flux's. Null when nobody asks.</summary>
    public static string? RequestedAt(VismaConnection connection) =>
        Shortened(
            connection.Metadata.Annotation(VismaNames.RequestedAtAnnotation)
                ?? connection.Metadata.Annotation(VismaNames.FluxRequestedAtAnnotation)
        );

    /// <summary>True when that request was not attempted yet.</summary>
    public static bool IsUnhandled(VismaConnection connection) =>
        RequestedAt(connection) is { Length: > 0 } requested && requested != connection.Status.LastHandledReconcileAt;

    /// <summary>The value that asks for a probe now; null when nobody asks.</summary>
    public static string? ProbeRequestedAt(VismaConnection connection) =>
        Shortened(connection.Metadata.Annotation(VismaNames.ProbeRequestedAtAnnotation));

    /// <summary>The form field that says which tenant a token is for; none for APIs without tenants.</summary>
    public static IReadOnlyDictionary<string, string> TenantField(VismaConnection connection) =>
        connection.Spec.TenantId is { Length: > 0 } tenant
            ? new Dictionary<string, string> { ["tenant_id"] = tenant }
            : new Dictionary<string, string>();

    /// <summary>The scopes that the spec asks for, to compare with those granted; empty when it asks for all that there are.</summary>
    public static IReadOnlyList<string> AskedScopes(VismaConnection connection) => connection.Spec.AllScopes ? [] : connection.Spec.Scopes;

    /// <summary>
    /// By when a connection needs its next token: when the one in service expires. Without one it waits behind tokens that expire within
    /// ten seconds, and before those that have more time.
    /// </summary>
    public static DateTimeOffset NeededBy(VismaConnection? connection, DateTimeOffset now) =>
        connection?.Status.Token?.ExpirationTime ?? now.AddSeconds(10);

    /// <summary>Names for the messages of a refusal.</summary>
    public static RequestContext ContextOf(VismaConnection connection) => new(
        connection.ClientName().ToString(),
        connection.Spec.TenantId ?? string.Empty,
        connection.Spec.AllScopes ? "all that the application is allowed" : string.Join(' ', connection.Spec.RequestedScopes()));

    // A longer echo would be refused by the schema, so the request would never count as handled. Half a character would come back as
    // another one.
    private static string? Shortened(string? value) =>
        value is { Length: > MaxEcho } ? value[..(char.IsHighSurrogate(value[MaxEcho - 1]) ? MaxEcho - 1 : MaxEcho)] : value;
}
