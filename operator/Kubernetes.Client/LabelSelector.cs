using System.Collections.Frozen;

namespace Kubernetes.Client;

/// <summary>
/// A label selector in the API server's text form
/// (<see href="https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors"/>):
/// <c>a=b</c>, <c>a==b</c>, <c>a!=b</c>, <c>a in (b,c)</c>, <c>a notin (b,c)</c>, <c>a</c>, <c>!a</c>, joined by commas (all must hold).
/// </summary>
public sealed class LabelSelector
{
    private static readonly FrozenDictionary<string, string> None = FrozenDictionary<string, string>.Empty;

    private readonly IReadOnlyList<Requirement> requirements;

    private LabelSelector(IReadOnlyList<Requirement> requirements) => this.requirements = requirements;

    /// <summary>Selects everything.</summary>
    public static LabelSelector Everything { get; } = new([]);

    /// <summary>Reads a selector; null and empty select everything.</summary>
    /// <exception cref="FormatException">The text is no label selector; the message names the part that is wrong.</exception>
    public static LabelSelector Parse(string? text) =>
        string.IsNullOrWhiteSpace(text) ? Everything : new([.. SplitOutsideParentheses(text).Select(ParseRequirement)]);

    /// <summary>True when all requirements hold for the labels; null means no labels.</summary>
    public bool Matches(IReadOnlyDictionary<string, string>? labels) =>
        requirements.All(requirement => requirement.Holds(labels ?? None));

    private static IEnumerable<string> SplitOutsideParentheses(string text)
    {
        int start = 0, depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            if (text[i] == ',' && depth == 0)
            {
                yield return text[start..i].Trim();
                start = i + 1;
            }
        }

        yield return text[start..].Trim();
    }

    private static Requirement ParseRequirement(string part)
    {
        if (part.StartsWith('!') && !part.Contains('=', StringComparison.Ordinal))
        {
            return new Requirement(Key(part[1..], part), [], Operator.DoesNotExist);
        }

        if (part.EndsWith(')'))
        {
            return ParseSet(part);
        }

        foreach (var (sign, kind) in new[] { ("!=", Operator.NotIn), ("==", Operator.In), ("=", Operator.In) })
        {
            var at = part.IndexOf(sign, StringComparison.Ordinal);
            if (at >= 0)
            {
                return new Requirement(Key(part[..at], part), [part[(at + sign.Length)..].Trim()], kind);
            }
        }

        return new Requirement(Key(part, part), [], Operator.Exists);
    }

    private static Requirement ParseSet(string part)
    {
        var open = part.IndexOf('(', StringComparison.Ordinal);
        var words = open < 0 ? [] : part[..open].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Operator? kind = words is [_, var word] ? word switch { "in" => Operator.In, "notin" => Operator.NotIn, _ => null } : null;
        return kind is null
            ? throw Unreadable(part)
            : new Requirement(Key(words[0], part), part[(open + 1)..^1].Split(',', StringSplitOptions.TrimEntries), kind.Value);
    }

    private static string Key(string text, string part)
    {
        var key = text.Trim();
        var readable = key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/');
        return readable ? key : throw Unreadable(part);
    }

    private static FormatException Unreadable(string part) =>
        new($"'{part}' is no label requirement; write key=value, key!=value, key in (a,b), key notin (a,b), key or !key.");

    private enum Operator
    {
        In,
        NotIn,
        Exists,
        DoesNotExist,
    }

    private sealed record Requirement(string Key, IReadOnlyList<string> Values, Operator Operator)
    {
        // "a notin (b)" and "a!=b" hold for objects without the label, as on the real server.
        public bool Holds(IReadOnlyDictionary<string, string> labels) => Operator switch
        {
            Operator.In => labels.TryGetValue(Key, out var value) && Values.Contains(value, StringComparer.Ordinal),
            Operator.NotIn => !labels.TryGetValue(Key, out var value) || !Values.Contains(value, StringComparer.Ordinal),
            Operator.Exists => labels.ContainsKey(Key),
            _ => !labels.ContainsKey(Key),
        };
    }
}
