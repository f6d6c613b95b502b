using Kubernetes.Client;
using OAuth;
using VismaOperator.Grants;

namespace VismaOperator.Consent.Flow;

/// <summary>What to show to a person who came to consent.</summary>
internal abstract record ConsentAnswer
{
    private ConsentAnswer()
    {
    }

    /// <summary>What a consent would be for. Nothing has been begun.</summary>
    public sealed record Offered(ConsentOffer Offer) : ConsentAnswer;

    /// <summary>An attempt is stored, and the browser must be sent to the provider.</summary>
    /// <param name="Connection">For which connection.</param>
    /// <param name="Request">Where to send it.</param>
    /// <param name="Cookie">What the browser must show when it comes back.</param>
    public sealed record Begun(NamespacedName Connection, AuthorizationRequest Request, Sensitive Cookie) : ConsentAnswer;

    /// <summary>The grant is stored.</summary>
    /// <param name="Connection">For which connection.</param>
    /// <param name="GrantedBy">Who consented (the <c>sub</c> claim); null when the provider does not say.</param>
    /// <param name="ExpirationTime">When the consent ends.</param>
    public sealed record Granted(NamespacedName Connection, string? GrantedBy, DateTimeOffset ExpirationTime) : ConsentAnswer;

    /// <summary>The grant is in memory, and is stored as soon as the cluster takes it.</summary>
    public sealed record StoredSoon(NamespacedName Connection) : ConsentAnswer;

    /// <summary>The consent failed.</summary>
    /// <param name="Why">Which page explains it.</param>
    /// <param name="Detail">Cause and remedy for somebody who may know about the connection; null where the page says all.</param>
    public sealed record Failed(ConsentFailureCause Why, string? Detail = null) : ConsentAnswer;
}

/// <summary>What a person is asked to confirm.</summary>
internal sealed record ConsentOffer
{
    public required NamespacedName Connection { get; init; }

    /// <summary>Its name for people; null when it has none.</summary>
    public string? DisplayName { get; init; }

    /// <summary>The application that would get access.</summary>
    public required string ClientId { get; init; }

    /// <summary>The provider.</summary>
    public required string IssuerHost { get; init; }

    /// <summary>The company; null for APIs without tenants.</summary>
    public string? TenantId { get; init; }

    /// <summary>What is asked for.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Where the browser would be sent.</summary>
    public required Uri AuthorizationEndpoint { get; init; }

    /// <summary>Where the provider would send it back to.</summary>
    public required Uri RedirectUri { get; init; }
}
