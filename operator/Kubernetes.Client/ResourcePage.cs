namespace Kubernetes.Client;

/// <summary>
/// One page of a list (<see href="https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks"/>).
/// </summary>
/// <param name="Items">The objects of this page.</param>
/// <param name="ResourceVersion">The version at which the whole list was taken; a watch resumes from it.</param>
/// <param name="ContinueToken">Asks for the next page; null on the last one. A 410 answer to it means: list anew.</param>
public sealed record ResourcePage<T>(IReadOnlyList<T> Items, string ResourceVersion, string? ContinueToken);
