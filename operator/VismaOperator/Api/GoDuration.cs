using System.Globalization;
using System.Text;

namespace VismaOperator.Api;

/// <summary>
/// Durations as Go and Kubernetes write them: numbers with the units h, m, s and ms, largest first, each at most once
/// (<c>1h30m</c>). No days, fractions or signs, so that schema, rule and operator read the same.
/// </summary>
public static class GoDuration
{
    private static readonly (string Name, long Milliseconds)[] units = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

    // Six digits of hours are 114 years: inside a TimeSpan, and inside the 292 years of a duration in Go and CEL.
    private const int MaxDigits = 6;

    /// <summary>Reads a duration; false when the text is not one.</summary>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        var position = 0;
        var nextUnit = 0;
        var total = 0L;
        while (position < text.Length)
        {
            if (!TryReadPart(text, ref position, ref nextUnit, out var milliseconds))
            {
                return false;
            }

            total += milliseconds;
        }

        duration = TimeSpan.FromMilliseconds(total);
        return true;
    }

    /// <summary>Writes a duration, to the millisecond: <c>0s</c>, <c>10m</c>, <c>1h30m</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        var rest = Math.Max(0, (long)duration.TotalMilliseconds);
        if (rest == 0)
        {
            return "0s";
        }

        var text = new StringBuilder();
        foreach (var (name, milliseconds) in units)
        {
            if (rest >= milliseconds)
            {
                text.Append(CultureInfo.InvariantCulture, $"{rest / milliseconds}{name}");
                rest %= milliseconds;
            }
        }

        return text.ToString();
    }

    private static bool TryReadPart(string text, ref int position, ref int nextUnit, out long milliseconds)
    {
        milliseconds = 0;
        var start = position;
        while (position < text.Length && char.IsAsciiDigit(text[position]))
        {
            position++;
        }

        var digits = text.AsSpan(start, position - start);
        if (digits.Length is 0 or > MaxDigits)
        {
            return false;
        }

        var unit = UnitAt(text, position);
        if (unit < nextUnit)
        {
            return false;
        }

        milliseconds = long.Parse(digits, CultureInfo.InvariantCulture) * units[unit].Milliseconds;
        position += units[unit].Name.Length;
        nextUnit = unit + 1;
        return true;
    }

    private static int UnitAt(string text, int position)
    {
        var length = 0;
        while (position + length < text.Length && char.IsAsciiLetter(text[position + length]))
        {
            length++;
        }

        return Array.FindIndex(units, unit => text.AsSpan(position, length).SequenceEqual(unit.Name));
    }
}
