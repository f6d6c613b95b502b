namespace VismaOperator.Manifests;

/// <summary>Where manifests are read from, and what is not read there.</summary>
internal sealed record ManifestSource
{
    /// <summary>Name of the path that means standard input, as kubectl has it.</summary>
    public const string StandardInput = "-";

    /// <summary>Files and folders, or <see cref="StandardInput"/>.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>Patterns of files and folders that are passed over; see <see cref="IgnorePatterns"/>.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>True for a folder that the operator itself writes; nothing in it is a manifest.</summary>
    public Func<string, bool> IsOutput { get; init; } = _ => false;

    /// <summary>Opens standard input.</summary>
    public Func<Stream> Input { get; init; } = ProcessInput.Open;
}
