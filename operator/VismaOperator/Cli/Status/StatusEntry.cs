using System.Text.Json.Serialization;
using Kubernetes.Client.Resources;
using VismaOperator.Api;

namespace VismaOperator.Cli.Status;

/// <summary>Where an object stands, the worst first: in this order <c>status</c> lists. The names are API.</summary>
public enum StatusState
{
    /// <summary>A person must act.</summary>
    Stalled,

    /// <summary>There is no valid token for this spec; of a client: it cannot be used.</summary>
    NotReady,

    /// <summary>The token has expired, and the operator has not said so.</summary>
    Expired,

    /// <summary>The token is valid, and its renewal fails or is overdue.</summary>
    Failing,

    /// <summary>It works, and somebody has to act in time.</summary>
    Warning,

    /// <summary>It is not renewed, as the spec asks.</summary>
    Suspended,

    /// <summary>All is well.</summary>
    Ready,

    /// <summary>It is gone; only while watching.</summary>
    Deleted,
}

/// <summary>
/// What <c>status</c> says of one object. The names of the members are those of the JSON and YAML output: they are added, never renamed.
/// Made from the object alone, never from a Secret. It has no member for the link that starts a consent.
/// </summary>
public sealed record StatusEntry
{
    /// <summary><c>VismaConnection</c>, <c>OAuthClient</c> or <c>VismaConnectionSet</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>The name for people; null where there is none.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Where it stands.</summary>
    public required StatusState State { get; init; }

    /// <summary>True for the states that make the exit code 1.</summary>
    public bool Broken => State <= StatusState.Failing;

    /// <summary>Since when; null where nobody knows.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Why, in CamelCase: the reason of a condition, or one of <see cref="StatusReason"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>What happened and what to do, in the operator's words.</summary>
    public required string Message { get; init; }

    /// <summary>When the published token was issued.</summary>
    public DateTimeOffset? IssueTime { get; init; }

    /// <summary>When the published token expires.</summary>
    public DateTimeOffset? ExpirationTime { get; init; }

    /// <summary>What the operator does next by itself; null when only a change or a person brings news.</summary>
    public NextAction? NextAction { get; init; }

    /// <summary>When it does it.</summary>
    public DateTimeOffset? NextTime { get; init; }

    /// <summary>What ends next and is not renewed by the operator; null when nothing does.</summary>
    public EndingThing? Ends { get; init; }

    /// <summary>When that ends, or ended.</summary>
    public DateTimeOffset? EndsTime { get; init; }

    /// <summary>Failed attempts since the last success.</summary>
    public int? Attempts { get; init; }

    /// <summary>The OAuthClient, as <c>namespace/name</c>.</summary>
    public string? Client { get; init; }

    /// <summary>The company's tenant id.</summary>
    [JsonPropertyName("tenantID")]
    public string? TenantId { get; init; }

    /// <summary>The Secret that the token was published in; of a client: the Secret that worked last.</summary>
    public string? SecretName { get; init; }

    /// <summary>The Secrets of other namespaces that hold the token, as <c>namespace/name</c>; null when there are none.</summary>
    public IReadOnlyList<string>? Copies { get; init; }

    /// <summary>Who consented.</summary>
    public string? GrantedBy { get; init; }

    /// <summary>What came of the last probe; null where there was none.</summary>
    public ProbeEntry? Probe { get; init; }

    /// <summary>A refresh that was asked for and not attempted yet: the value of the annotation.</summary>
    public string? PendingRequest { get; init; }

    /// <summary>A probe that was asked for and not made yet: the value of the annotation.</summary>
    public string? PendingProbe { get; init; }

    /// <summary>How many connections use this client, or are of this set.</summary>
    public int? Connections { get; init; }

    /// <summary>How many connections of this set are Ready.</summary>
    public int? ReadyConnections { get; init; }

    /// <summary>The first connections of this set, by name, that are not as they should be; null when there are none.</summary>
    public IReadOnlyList<SetFailure>? Failures { get; init; }
}

/// <summary>What came of the last probe.</summary>
/// <param name="Accepted">True when the API accepted the token.</param>
/// <param name="Since">Since when it is so.</param>
/// <param name="Reason">The reason of the condition TokenAccepted.</param>
/// <param name="Message">What happened and what to do.</param>
public sealed record ProbeEntry(bool Accepted, DateTimeOffset Since, string Reason, string Message);

/// <summary>What the operator does next by itself.</summary>
public enum NextAction
{
    /// <summary>It renews the token in time.</summary>
    Renewal,

    /// <summary>It tries again what failed.</summary>
    Attempt,
}

/// <summary>What ends and is not renewed by the operator.</summary>
public enum EndingThing
{
    /// <summary>A person's consent.</summary>
    Consent,

    /// <summary>A client secret, by the expiry that the spec states.</summary>
    ClientSecret,

    /// <summary>A token that is not renewed at present.</summary>
    Token,
}

/// <summary>Reasons that only <c>status</c> gives: what no condition can say, since nobody writes it then.</summary>
public static class StatusReason
{
    /// <summary>The operator has not looked at this version of the spec yet.</summary>
    public const string NotObserved = nameof(NotObserved);

    /// <summary>The renewal was due minutes ago, and status says nothing of it.</summary>
    public const string RenewalOverdue = nameof(RenewalOverdue);

    /// <summary>The next attempt after a failure was due minutes ago, and status says nothing of it.</summary>
    public const string AttemptOverdue = nameof(AttemptOverdue);

    /// <summary>The object is being deleted.</summary>
    public const string Terminating = nameof(Terminating);
}

/// <summary>What <c>-o json</c> prints of a list.</summary>
public sealed record StatusList
{
    /// <summary>The objects, the broken ones first.</summary>
    public required IReadOnlyList<StatusEntry> Items { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TimeConverter)],
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(StatusList))]
[JsonSerializable(typeof(StatusEntry))]
internal sealed partial class StatusJsonContext : JsonSerializerContext;
