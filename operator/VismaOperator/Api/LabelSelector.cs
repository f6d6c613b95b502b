using System.Text.Json.Serialization;

namespace VismaOperator.Api;

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

    /// <summary>True when the labels meet every requirement.</summary>
    public bool Matches(IReadOnlyDictionary<string, string>? labels)
    {
        labels ??= new Dictionary<string, string>();
        return (MatchLabels ?? new Dictionary<string, string>()).All(wanted =>
                labels.TryGetValue(wanted.Key, out var value) && value == wanted.Value
            ) && (MatchExpressions ?? []).All(requirement => requirement.Matches(labels));
    }
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

internal sealed class LabelOperatorConverter() : NamedEnumConverter<LabelOperator>(
    LabelOperator.Unrecognized,
    (LabelOperator.In, "In"),
    (LabelOperator.NotIn, "NotIn"),
    (LabelOperator.Exists, "Exists"),
    (LabelOperator.DoesNotExist, "DoesNotExist"));
