using Kubernetes.Client.Resources;

namespace VismaOperator.OAuthClients;

/// <summary>What the operator reports of an application.</summary>
public sealed record OAuthClientStatus
{
    /// <summary>The status of an object that the operator has not looked at yet, as the schema defaults it.</summary>
    public static OAuthClientStatus Unseen { get; } = new() { ObservedGeneration = -1 };

    /// <summary>Generation of the spec that this status speaks of.</summary>
    public long ObservedGeneration { get; init; }

    /// <summary>Ready, Reconciling, Stalled, SecretExpiring.</summary>
    public IReadOnlyList<Condition> Conditions { get => field ?? []; init; }

    /// <summary>Endpoints in use; null until they are known.</summary>
    public EndpointsStatus? Endpoints { get; init; }

    /// <summary>The secret that last worked; tried first.</summary>
    public SecretKeyReference? ActiveSecret { get; init; }

    /// <summary>Stated expiry of the active secret; null when none was stated.</summary>
    public DateTimeOffset? SecretExpirationTime { get; init; }

    /// <summary>The refusal of every client secret; null while one is accepted.</summary>
    public RefusalStatus? Refusal { get; init; }

    /// <summary>How many connections use this client; written at most once a minute.</summary>
    public int? Connections { get; init; }
}

/// <summary>The provider refused every client secret. On record, so that a restart tries none of them before its time.</summary>
public sealed record RefusalStatus
{
    /// <summary>Names the client id, the secrets and their versions that were refused. Made of versions, never of values.</summary>
    public string? Revision { get; init; }

    /// <summary>How often every one was refused.</summary>
    public int Attempts { get; init; }

    /// <summary>When they may be tried again.</summary>
    public DateTimeOffset? RetryTime { get; init; }
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
