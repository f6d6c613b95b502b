using System.Text.Json.Serialization;
using Kubernetes.Client.Resources;

namespace VismaOperator.Api;

/// <summary>The consent of a person. Durations are Go-style strings (<c>720h</c>).</summary>
public sealed record AuthorizationSpec
{
    /// <summary>What follows the connection's name in the name of the Secret that its grant is kept in.</summary>
    public const string GrantSecretSuffix = "-visma-grant";

    /// <summary>What follows the connection's name in the name of the Secret that hands an authorization code over.</summary>
    public const string HandoffSecretSuffix = "-visma-handoff";

    /// <summary>A year: the longest expiry of refresh tokens that the developer portal offers.</summary>
    public const string DefaultConsentLifetime = "8760h";

    /// <summary>What happens to the consent when the connection is deleted.</summary>
    public GrantDeletionPolicy DeletionPolicy { get; init; }

    /// <summary>How long a consent lasts, where the provider's answer does not state it.</summary>
    public string ConsentLifetime { get => field ?? DefaultConsentLifetime; init; }

    /// <summary><see cref="ConsentLifetime"/> as a span; the default where it cannot be read (the rules report that).</summary>
    public TimeSpan ConsentLifetimeSpan() =>
        GoDuration.TryParse(ConsentLifetime, out var span) ? span : TimeSpan.FromHours(8760);
}

/// <summary>What happens to a consent when its connection is deleted.</summary>
[JsonConverter(typeof(GrantDeletionPolicyConverter))]
public enum GrantDeletionPolicy
{
    /// <summary>The refresh token is revoked at the provider (RFC 7009) and deleted.</summary>
    Revoke,

    /// <summary>The refresh token stays valid, and so does the Secret that it is kept in.</summary>
    Retain,

    /// <summary>A name that this version of the operator does not know.</summary>
    Unrecognized,
}

internal sealed class GrantDeletionPolicyConverter() : NamedEnumConverter<GrantDeletionPolicy>(
    GrantDeletionPolicy.Unrecognized,
    (GrantDeletionPolicy.Revoke, "Revoke"),
    (GrantDeletionPolicy.Retain, "Retain"));
