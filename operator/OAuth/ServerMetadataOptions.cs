namespace OAuth;

/// <summary>Limits and lifetimes of server metadata.</summary>
public sealed record ServerMetadataOptions
{
    /// <summary>
    /// Time for one of the two documents. The default is 4 s, so that both fit into the 10 s that a connection gives an attempt.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Largest document read, in bytes. The default is 256 KiB: Visma's, with its hundreds of scopes, has less than 16.</summary>
    public int MaxDocumentBytes { get; init; } = 256 * 1024;

    /// <summary>How long a document is good without another look. The default is 24 h: endpoints move once in years.</summary>
    public TimeSpan FreshFor { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long an old document is served before the next try to renew it. The default is 1 min.</summary>
    public TimeSpan RetryStaleAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a failure is repeated without another look, where there is no document at all. The default is 2 s, so that a thousand
    /// connections do not ask one by one.
    /// </summary>
    public TimeSpan RetryMissingAfter { get; init; } = TimeSpan.FromSeconds(2);
}
