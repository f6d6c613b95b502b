namespace Kubernetes.Client;

/// <summary>What must still hold for a delete to happen; otherwise the API server answers 409.</summary>
/// <param name="Uid">The object must still be this one, not a later object of the same name.</param>
/// <param name="ResourceVersion">The object must not have changed since.</param>
public sealed record DeletePreconditions(string? Uid = null, string? ResourceVersion = null);
