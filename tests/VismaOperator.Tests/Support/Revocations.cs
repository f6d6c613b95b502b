using OAuth;
using VismaOperator.Clients;
using VismaOperator.Grants;

namespace VismaOperator.Tests.Support;

/// <summary>A provider that revokes what it is asked to, and remembers it.</summary>
internal sealed class Revocations : IRevocationEndpoint
{
    /// <summary>The tokens, in the order in which they were revoked.</summary>
    public List<string> Revoked { get; } = [];

    /// <summary>What a bug on the way there throws; null for none.</summary>
    public Exception? Bug { get; set; }

    /// <summary>Asks it with the secrets of a client.</summary>
    public GrantRevoker Revoker(ResolvedClient client, TimeProvider time)
    {
        var tracker = new ClientSecretTracker(time);
        tracker.Follow(client);
        return new GrantRevoker(this, new ProviderEndpoints(new NoMetadata()), tracker, time);
    }

    public Task<RevocationOutcome> RevokeAsync(
        Uri endpoint,
        ClientCredentials client,
        Sensitive token,
        CancellationToken cancellationToken
    )
    {
        if (Bug is { } bug)
        {
            throw bug;
        }

        Revoked.Add(token.Reveal());
        return Task.FromResult<RevocationOutcome>(new RevocationOutcome.Revoked());
    }

    private sealed class NoMetadata : IServerMetadataEndpoint
    {
        public Task<MetadataOutcome> GetAsync(Uri issuer, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("The client names its endpoint.");
    }
}
