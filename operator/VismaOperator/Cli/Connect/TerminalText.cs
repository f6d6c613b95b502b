namespace VismaOperator.Cli.Connect;

/// <summary>Values as a terminal shows them.</summary>
internal static class TerminalText
{
    private const char Replacement = '?';

    /// <summary>Text of others without what a terminal would obey.</summary>
    public static string Printable(string text) => new([.. text.Select(character => char.IsControl(character) ? Replacement : character)]);
}
