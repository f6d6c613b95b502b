using VismaOperator.Cli.Connect;
using VismaOperator.Manifests;

namespace VismaOperator.Cli.Import;

/// <summary>What a note asks of the reader.</summary>
internal enum NoteKind
{
    /// <summary>An object was left out.</summary>
    Error,

    /// <summary>Something is missing in the manifests, and a person must put it in.</summary>
    FillIn,

    /// <summary>The export holds a secret in clear. It was left out.</summary>
    Secret,

    /// <summary>Something was made of the field that is not what it says.</summary>
    Changed,

    /// <summary>The field is known, and the operator has nothing like it.</summary>
    NoCounterpart,

    /// <summary>No public schema names the field.</summary>
    Unknown,
}

/// <summary>One line of the report.</summary>
/// <param name="File">The file as it was named.</param>
/// <param name="Position">Where in it.</param>
/// <param name="Kind">What it asks of the reader.</param>
/// <param name="Field">The field; empty for the object.</param>
/// <param name="Message">What there is to say. Never a value of a field that may be a secret.</param>
internal sealed record ImportNote(string File, Position Position, NoteKind Kind, string Field, string Message)
{
    private const int LongestField = 200;

    /// <summary>As compilers write it.</summary>
    public override string ToString()
    {
        var field = Field.Length > LongestField ? Field[..LongestField] + "..." : Field;
        return TerminalText.Printable($"{File}:{Position}: {Word}: {(field.Length > 0 ? field + ": " : string.Empty)}{Message}");
    }

    private string Word => Kind switch
    {
        NoteKind.Error => "error",
        NoteKind.FillIn => "fill in",
        NoteKind.Secret => "secret",
        NoteKind.Changed => "changed",
        NoteKind.NoCounterpart => "no counterpart",
        _ => "unknown",
    };
}
