namespace VismaOperator.Manifests;

/// <summary>A problem of a file that is found before its objects are checked.</summary>
/// <param name="File">The file as it was named.</param>
/// <param name="Position">Where.</param>
/// <param name="Message">What is wrong, for a person.</param>
/// <param name="Kind">How much it matters.</param>
public sealed record ManifestProblem(
    string File,
    Position Position,
    string Message,
    ManifestProblemKind Kind = ManifestProblemKind.Unreadable
);

/// <summary>How much a <see cref="ManifestProblem"/> matters.</summary>
public enum ManifestProblemKind
{
    /// <summary>kubectl would refuse it, or a key is given twice.</summary>
    Unreadable,

    /// <summary>Something that may hold manifests was passed over: a chart, a template, a file that is too large.</summary>
    LeftOut,

    /// <summary>A file that holds no manifest was passed over, or one that was named has no object in it.</summary>
    NoManifest,
}
