namespace OAuth;

/// <summary>How a look at an issuer's metadata ended. Causes are one sentence for people and hold no body.</summary>
public abstract record MetadataOutcome
{
    private MetadataOutcome()
    {
    }

    /// <summary>The document is there and trusted.</summary>
    public sealed record Found(ServerMetadata Metadata) : MetadataOutcome;

    /// <summary>Network, timeout, 5xx, 429: worth trying again.</summary>
    public sealed record Unavailable(string Cause, TimeSpan? RetryAfter) : MetadataOutcome;

    /// <summary>There is no document, or none that can be read.</summary>
    public sealed record Malformed(string Cause) : MetadataOutcome;

    /// <summary>The document names another issuer, or an endpoint that may not be contacted.</summary>
    public sealed record Untrusted(string Cause) : MetadataOutcome;
}
