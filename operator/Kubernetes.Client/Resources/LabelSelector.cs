using System.Text.Json.Serialization;

namespace Kubernetes.Client.Resources;

/// <summary>
/// A label selector (<see href="https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/label-selector/"/>):
/// all of it must match; an empty one matches everything.
/// </summary>
public sealed record LabelSelector
{
    /// <summary>Labels that must be there with exactly these values.</summary>
    public IReadOnlyDictionary<string, string>? MatchLabels { get; init; }

    /// <summary>Requirements that must all be met.</summary>
    public IReadOnlyList<LabelRequirement>? MatchExpressions { get; init; }

    /// <summary>
    /// Reads the text form (<see href="https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors"/>):
    /// <c>a=b</c>, <c>a==b</c>, <c>a!=b</c>, <c>a in (b,c)</c>, <c>a notin (b,c)</c>, <c>a</c>, <c>!a</c>, joined by commas. Null and empty
    /// select everything.
    /// </summary>
    /// <exception cref="FormatException">The text is no label selector; the message names the part that is wrong.</exception>
    public static LabelSelector Parse(string? text) =>
        string.IsNullOrWhiteSpace(text)
            ? new LabelSelector()
            : new LabelSelector { MatchExpressions = [.. SplitOutsideParentheses(text).Select(ParseRequirement)] };

    /// <summary>True when the labels meet every requirement.</summary>
    public bool Matches(IReadOnlyDictionary<string, string>? labels)
    {
        labels ??= new Dictionary<string, string>();
        return (MatchLabels ?? new Dictionary<string, string>()).All(wanted =>
                labels.TryGetValue(wanted.Key, out var value) && value == wanted.Value
            ) && (MatchExpressions ?? []).All(requirement => requirement.Matches(labels));
    }

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

    private static LabelRequirement ParseRequirement(string part)
    {
        if (part.StartsWith('!') && !part.Contains('=', StringComparison.Ordinal))
        {
            return RequirementOf(Key(part[1..], part), [], LabelOperator.DoesNotExist);
        }

        if (part.EndsWith(')'))
        {
            return ParseSet(part);
        }

        foreach (var (sign, kind) in new[] { ("!=", LabelOperator.NotIn), ("==", LabelOperator.In), ("=", LabelOperator.In) })
        {
            var at = part.IndexOf(sign, StringComparison.Ordinal);
            if (at >= 0)
            {
                return RequirementOf(Key(part[..at], part), [part[(at + sign.Length)..].Trim()], kind);
            }
        }

        return RequirementOf(Key(part, part), [], LabelOperator.Exists);
    }

    private static LabelRequirement ParseSet(string part)
    {
        var open = part.IndexOf('(', StringComparison.Ordinal);
        var words = open < 0 ? [] : part[..open].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        LabelOperator? kind = words switch
        {
            [_, "in"] => LabelOperator.In,
            [_, "notin"] => LabelOperator.NotIn,
            _ => null,
        };
        return kind is null
            ? throw Unreadable(part)
            : RequirementOf(Key(words[0], part), part[(open + 1)..^1].Split(',', StringSplitOptions.TrimEntries), kind.Value);
    }

    private static string Key(string text, string part)
    {
        var key = text.Trim();
        var readable = key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/');
        return readable ? key : throw Unreadable(part);
    }

    private static FormatException Unreadable(string part) =>
        new($"'{part}' is no label requirement; write key=value, key!=value, key in (a,b), key notin (a,b), key or !key.");

    private static LabelRequirement RequirementOf(string key, IReadOnlyList<string> values, LabelOperator kind) =>
        new() { Key = key, Values = values, Operator = kind };
}

/// <summary>One requirement of a label selector.</summary>
public sealed record LabelRequirement
{
    /// <summary>The label.</summary>
    public required string Key { get; init; }

    /// <summary>How its value is compared.</summary>
    public required LabelOperator Operator { get; init; }

    /// <summary>The values for <see cref="LabelOperator.In"/> and <see cref="LabelOperator.NotIn"/>; empty for the others.</summary>
    public IReadOnlyList<string> Values { get => field ?? []; init; }

    /// <summary>True when the labels meet this requirement. As in Kubernetes, an absent label meets <c>NotIn</c>.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        var present = labels.TryGetValue(Key, out var value);
        return Operator switch
        {
            LabelOperator.In => present && Values.Contains(value!),
            LabelOperator.NotIn => !present || !Values.Contains(value!),
            LabelOperator.Exists => present,
            LabelOperator.DoesNotExist => !present,
            _ => false,
        };
    }
}

/// <summary>How the value of a label is compared.</summary>
[JsonConverter(typeof(LabelOperatorConverter))]
public enum LabelOperator
{
    /// <summary>The label is there with one of the values.</summary>
    In,

    /// <summary>The label is absent or has none of the values.</summary>
    NotIn,

    /// <summary>The label is there.</summary>
    Exists,

    /// <summary>The label is absent.</summary>
    DoesNotExist,

    /// <summary>A name that this version of the operator does not know; matches nothing.</summary>
    Unrecognized,
}

/// <summary>Reads and writes <see cref="LabelOperator"/>.</summary>
public sealed class LabelOperatorConverter() : NamedEnumConverter<LabelOperator>(
    LabelOperator.Unrecognized,
    (LabelOperator.In, "In"),
    (LabelOperator.NotIn, "NotIn"),
    (LabelOperator.Exists, "Exists"),
    (LabelOperator.DoesNotExist, "DoesNotExist"));
