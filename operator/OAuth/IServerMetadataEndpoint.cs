namespace OAuth;

/// <summary>Looks up the metadata of authorization servers.</summary>
public interface IServerMetadataEndpoint
{
    /// <summary>The metadata of <paramref name="issuer"/>, whose original spelling is the issuer identifier.</summary>
    /// <exception cref="OperationCanceledException">Only when <paramref name="cancellationToken"/> is cancelled.</exception>
    Task<MetadataOutcome> GetAsync(Uri issuer, CancellationToken cancellationToken);
}
