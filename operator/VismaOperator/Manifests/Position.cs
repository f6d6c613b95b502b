using System.Runtime.InteropServices;

namespace VismaOperator.Manifests;

/// <summary>A position in a text; both numbers begin at 1, as editors show them.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Position(int Line, int Column)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Line}:{Column}";
}
