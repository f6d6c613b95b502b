using Lifecycle;
using OAuth;

namespace VismaOperator.Clients;

/// <summary>The endpoints of a client's provider: those in the spec, else those in the provider's metadata.</summary>
internal sealed class ProviderEndpoints(IServerMetadataEndpoint metadata)
{
    /// <summary>Where tokens are asked for (RFC 6749 section 3.2).</summary>
    public Task<EndpointLookup> TokenAsync(ResolvedClient client, CancellationToken cancellationToken) =>
        FindAsync(client.Issuer, "token", client.TokenEndpoint, found => found.TokenEndpoint, cancellationToken);

    /// <summary>The same for somebody who does not hold the client's secrets.</summary>
    public Task<EndpointLookup> TokenAsync(Uri issuer, Uri? declared, CancellationToken cancellationToken) =>
        FindAsync(issuer, "token", declared, found => found.TokenEndpoint, cancellationToken);

    /// <summary>Where a person consents (RFC 6749 section 3.1).</summary>
    public Task<EndpointLookup> AuthorizationAsync(ResolvedClient client, CancellationToken cancellationToken) =>
        AuthorizationAsync(client.Issuer, client.AuthorizationEndpoint, cancellationToken);

    /// <summary>The same for somebody who does not hold the client's secrets.</summary>
    /// <param name="issuer">Issuer of the provider.</param>
    /// <param name="declared">The endpoint that the spec names; null for the one in the provider's metadata.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<EndpointLookup> AuthorizationAsync(Uri issuer, Uri? declared, CancellationToken cancellationToken) =>
        FindAsync(issuer, "authorization", declared, found => found.AuthorizationEndpoint, cancellationToken);

    /// <summary>Where refresh tokens are revoked (RFC 7009).</summary>
    public Task<EndpointLookup> RevocationAsync(ResolvedClient client, CancellationToken cancellationToken) =>
        FindAsync(client.Issuer, "revocation", client.RevocationEndpoint, found => found.RevocationEndpoint, cancellationToken);

    /// <summary>
    /// Whether the provider promises to name itself in every authorization response. Ask before a browser is sent there. Where the
    /// authorization endpoint comes from the metadata, the metadata are known by then. A client that declares its endpoints may have a
    /// provider without metadata; then no promise is known, and RFC 9207 section 2.4 does not apply.
    /// </summary>
    public async Task<IssParameter> IssAsync(Uri issuer, CancellationToken cancellationToken) =>
        await metadata.GetAsync(issuer, cancellationToken) is MetadataOutcome.Found { Metadata.IssParameterSupported: true }
            ? IssParameter.Promised
            : IssParameter.NotPromised;

    private async Task<EndpointLookup> FindAsync(
        Uri issuer,
        string name,
        Uri? declared,
        Func<ServerMetadata, Uri?> endpointIn,
        CancellationToken cancellationToken
    )
    {
        if (declared is not null)
        {
            return new EndpointLookup.Found(declared);
        }

        return await metadata.GetAsync(issuer, cancellationToken) switch
        {
            MetadataOutcome.Found found => endpointIn(found.Metadata) is { } endpoint
                ? new EndpointLookup.Found(endpoint)
                : new EndpointLookup.NotFound(Unusable(issuer, name, $"it names no {name} endpoint"), RetryAfter: null),
            MetadataOutcome.Unavailable unavailable => new EndpointLookup.NotFound(
                Unusable(issuer, name, unavailable.Cause),
                unavailable.RetryAfter
            ),
            MetadataOutcome.Malformed malformed => new EndpointLookup.NotFound(Unusable(issuer, name, malformed.Cause), RetryAfter: null),
            MetadataOutcome.Untrusted untrusted => new EndpointLookup.NotFound(Untrusted(issuer, untrusted.Cause), RetryAfter: null),
            var outcome => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
        };
    }

    private static Problem Unusable(Uri issuer, string name, string cause) =>
        new(
            Reason.MetadataUnusable,
            $"The discovery document of {issuer} cannot be used: {cause}. The operator tries again by itself; if this lasts, check "
            + "spec.issuer, DNS, proxy and firewall (visma-operator doctor shows which). "
            + $"With spec.endpoints.{name} set, it is not needed.",
            FailureKind.Transient
        );

    private static Problem Untrusted(Uri issuer, string cause) =>
        new(
            Reason.MetadataUntrusted,
            $"The discovery document of {issuer} is not trusted: {cause}. Correct spec.issuer, or have the administrator allow the host "
            + "by --allowed-issuers."
        );
}

/// <summary>What a look for an endpoint gave.</summary>
internal abstract record EndpointLookup
{
    private EndpointLookup()
    {
    }

    /// <summary>Where to ask.</summary>
    public sealed record Found(Uri Endpoint) : EndpointLookup;

    /// <summary>Nowhere to ask for now, and what the provider said about when to look again.</summary>
    public sealed record NotFound(Problem Problem, TimeSpan? RetryAfter) : EndpointLookup;
}
