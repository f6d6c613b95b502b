using VismaOperator.Api;
using VismaOperator.Cli.Connect;

namespace VismaOperator.Cli.Status;

/// <summary>Entries as lines for people. It keeps the widths of its columns, so that later lines stand below earlier ones.</summary>
/// <param name="isWide">With more columns, and times by the clock.</param>
/// <param name="hasNamespaces">With the namespace of each object.</param>
/// <param name="isColoured">With colours of a terminal.</param>
internal sealed class StatusTable(bool isWide, bool hasNamespaces, bool isColoured)
{
    private const string Gap = "   ";
    private const string Nothing = "-";

    private readonly string[] header =
    [
        .. hasNamespaces ? ["NAMESPACE"] : Array.Empty<string>(),
        "NAME",
        "STATE",
        "REASON",
        "SINCE",
        "EXPIRES",
        "NEXT",
        "ENDS",
        .. isWide ? ["DISPLAY NAME", "CLIENT", "TENANT", "SECRET", "MESSAGE"] : Array.Empty<string>(),
    ];
    private int[] widths = [];

    private int StateColumn => hasNamespaces ? 2 : 1;

    /// <summary>The header and a line for each entry, cut to so many columns.</summary>
    public IEnumerable<string> Lines(IReadOnlyCollection<StatusEntry> entries, DateTimeOffset now, int columns = int.MaxValue)
    {
        string[][] rows = [header, .. entries.Select(entry => Row(entry, now))];
        Widen(rows);
        return rows.Zip(entries.Select(entry => (StatusState?)entry.State).Prepend(null), (row, state) => Line(row, state, columns));
    }

    /// <summary>One more line.</summary>
    public string Line(StatusEntry entry, DateTimeOffset now)
    {
        var row = Row(entry, now);
        Widen([row]);
        return Line(row, entry.State, int.MaxValue);
    }

    /// <summary>A name that kubectl takes as well.</summary>
    public static string NameOf(StatusEntry entry) =>
        (entry.Kind == VismaConnection.ResourceKind.Kind ? "vc/"
            : entry.Kind == VismaConnectionSet.ResourceKind.Kind ? "vcs/"
            : "oac/")
        + entry.Name;

    private string[] Row(StatusEntry entry, DateTimeOffset now)
    {
        string Time(DateTimeOffset? time) =>
            time is not { } instant ? Nothing : isWide ? TimeText.Full(instant, now) : TimeText.Distance(instant, now);

        string?[] cells =
        [
            .. hasNamespaces ? [entry.Namespace] : Array.Empty<string>(),
            NameOf(entry),
            entry.State.ToString(),
            entry.Reason,
            Time(entry.Since),
            Time(entry.ExpirationTime),
            entry.NextAction is { } next ? $"{next} {Time(entry.NextTime)}" : Nothing,
            entry.Ends is { } end ? $"{end} {Time(entry.EndsTime)}" : Nothing,
            .. isWide ? [entry.DisplayName, entry.Client, entry.TenantId, entry.SecretName, entry.Message] : Array.Empty<string?>(),
        ];
        return [.. cells.Select(cell => string.IsNullOrEmpty(cell) ? Nothing : TerminalText.Printable(cell))];
    }

    private void Widen(IReadOnlyCollection<string[]> rows) =>
        widths =
        [
            .. Enumerable
                .Range(0, header.Length)
                .Select(column =>
                    rows.Select(row => column < row.Length ? row[column].Length : 0).Append(widths.ElementAtOrDefault(column)).Max()
                ),
        ];

    private string Line(string[] row, StatusState? state, int columns)
    {
        var line = string.Join(Gap, row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd();
        var cut = line.Length <= columns ? line : line[..columns];
        var begin = widths.Take(StateColumn).Sum(width => width + Gap.Length);
        var end = begin + row[StateColumn].Length;
        return isColoured && state is { } shown && end <= cut.Length
            ? cut[..begin] + StatusColour.Of(shown, cut[begin..end]) + cut[end..]
            : cut;
    }
}

/// <summary>Colours of a terminal (ECMA-48, select graphic rendition).</summary>
internal static class StatusColour
{
    /// <summary>The text in the colour of a state: red where it is broken, yellow where somebody has to look, else green.</summary>
    public static string Of(StatusState state, string text)
    {
        var code = state switch
        {
            <= StatusState.Failing => 31,
            StatusState.Warning or StatusState.Suspended => 33,
            _ => 32,
        };
        return $"\u001b[{code}m{text}\u001b[0m";
    }
}
