using Kubernetes.Client.Resources;
using VismaOperator.Manifests;

namespace VismaOperator.Api.Validation;

/// <summary>What a label selector must fulfil.</summary>
internal static class SelectorRules
{
    internal static void Check(Findings findings, string path, LabelSelector? selector)
    {
        var requirements = selector?.MatchExpressions ?? [];
        for (var index = 0; index < requirements.Count; index++)
        {
            var item = FieldPath.Item($"{path}.matchExpressions", index);
            var takesValues = requirements[index].Operator is LabelOperator.In or LabelOperator.NotIn;
            findings.Require(requirements[index].Operator != LabelOperator.Unrecognized, $"{item}.operator", NameRules.UnknownValue);
            findings.Require(
                takesValues == requirements[index].Values.Count > 0,
                item,
                "the operators In and NotIn need values, Exists and DoesNotExist take none: add or remove values");
        }
    }
}
