using System.Text.Json.Serialization;
using Kubernetes.Client.Resources;

namespace VismaOperator.Api;

/// <summary>What the operator reports of an application.</summary>
public sealed record OAuthClientStatus
{
    /// <summary>The status of an object that the operator has not looked at yet, as the schema defaults it.</summary>
    public static OAuthClientStatus Unseen { get; } = new() { ObservedGeneration = -1 };

    /// <summary>Generation of the spec that this status speaks of.</summary>
    public long ObservedGeneration { get; init; }

    /// <summary>Ready, Reconciling, Stalled, SecretExpiring, SecretVerified.</summary>
    public IReadOnlyList<Condition> Conditions { get => field ?? []; init; }

    /// <summary>Endpoints in use; null until they are known.</summary>
    public EndpointsStatus? Endpoints { get; init; }

    /// <summary>The secret that last worked; tried first.</summary>
    public SecretKeyReference? ActiveSecret { get; init; }

    /// <summary>The outcome of each client secret in its present value; a restart tries none of them again.</summary>
    public IReadOnlyList<ClientSecretStatus>? ClientSecrets { get; init; }

    /// <summary>Stated expiry of the active secret; null when none was stated.</summary>
    public DateTimeOffset? SecretExpirationTime { get; init; }

    /// <summary>The refusal of every client secret; null while one is accepted.</summary>
    public RefusalStatus? Refusal { get; init; }

    /// <summary>The problem that Ready reports, and since when; null while there is none, and in a status of an earlier version.</summary>
    public ClientProblemStatus? Problem { get; init; }

    /// <summary>How many connections use this client; written at most once a minute.</summary>
    public int? Connections { get; init; }
}

/// <summary>The outcome of one client secret in its present value.</summary>
public sealed record ClientSecretStatus
{
    /// <summary>Name of the Secret.</summary>
    public required string Name { get; init; }

    /// <summary>Key in its data.</summary>
    public required string Key { get; init; }

    /// <summary>Names the value by the version of its Secret that was read last. Never made of values.</summary>
    public string? Revision { get; init; }

    /// <summary>The outcome of the last token request with it.</summary>
    public SecretTrial Trial { get; init; }

    /// <summary>When that outcome was first seen; null where it was not tried.</summary>
    public DateTimeOffset? TrialTime { get; init; }

    internal bool Is(SecretKeyReference reference) => Name == reference.Name && Key == reference.Key;
}

/// <summary>The outcome of the last token request with a client secret.</summary>
[JsonConverter(typeof(SecretTrialConverter))]
public enum SecretTrial
{
    /// <summary>It was not tried; the next request that needs it tries it.</summary>
    NotTried,

    /// <summary>It was changed, and one renewal is brought forward to try it.</summary>
    Due,

    /// <summary>The provider accepted it.</summary>
    Accepted,

    /// <summary>The provider refused it (<c>invalid_client</c>).</summary>
    Refused,

    /// <summary>A name that this version of the operator does not know; read as not tried.</summary>
    Unrecognized,
}

internal sealed class SecretTrialConverter() : NamedEnumConverter<SecretTrial>(
    SecretTrial.Unrecognized,
    (SecretTrial.NotTried, "NotTried"),
    (SecretTrial.Due, "Due"),
    (SecretTrial.Accepted, "Accepted"),
    (SecretTrial.Refused, "Refused"));

/// <summary>The provider refused every client secret. On record, so that a restart tries none of them before its time.</summary>
public sealed record RefusalStatus
{
    /// <summary>Names the client id, the secrets and their versions that were refused. Made of versions, never of values.</summary>
    public string? Revision { get; init; }

    /// <summary>How often every one was refused.</summary>
    public int Attempts { get; init; }

    /// <summary>When they may be tried again.</summary>
    public DateTimeOffset? RetryTime { get; init; }

    /// <summary>The description of the provider, without any part of a credential; null when there was none.</summary>
    public string? Description { get; init; }
}

/// <summary>What is wrong with a client. A restart does not wait once more for what is missing.</summary>
public sealed record ClientProblemStatus
{
    /// <summary>Its reason, in CamelCase.</summary>
    public string? Reason { get; init; }

    /// <summary>When it was first seen.</summary>
    public DateTimeOffset? StartTime { get; init; }
}

/// <summary>Endpoints in use.</summary>
public sealed record EndpointsStatus
{
    /// <summary>URL of the token endpoint.</summary>
    public string? Token { get; init; }

    /// <summary>URL of the authorization endpoint; null when it is not known.</summary>
    public string? Authorization { get; init; }

    /// <summary>URL of the revocation endpoint; null when the provider has none or it is not known.</summary>
    public string? Revocation { get; init; }
}
