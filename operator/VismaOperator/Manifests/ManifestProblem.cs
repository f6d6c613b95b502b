namespace VismaOperator.Manifests;

/// <summary>Something in a file that keeps it from being read as manifests.</summary>
/// <param name="File">The file as it was named.</param>
/// <param name="Position">Where.</param>
/// <param name="Message">What is wrong, for a person.</param>
public sealed record ManifestProblem(string File, Position Position, string Message);
