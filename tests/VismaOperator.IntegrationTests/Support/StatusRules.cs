using System.Text.Json.Nodes;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// The rules that kstatus (Flux, Argo CD, kpt) and the API conventions rest on, held against every version of every status
/// that was seen. They are written down here once more, from those documents and not from the operator's code.
/// </summary>
internal static class StatusRules
{
    private const int LongestMessage = 32 * 1024; // metav1.Condition

    public static IEnumerable<string> Violations(IReadOnlyList<Sighting> sightings)
    {
        var ours = sightings.Where(sighting => sighting.Kind is "VismaConnection" or "OAuthClient").ToList();
        return ours.SelectMany(OfOne).Concat(ours.GroupBy(sighting => sighting.Uid).SelectMany(OfSteps));
    }

    private static IEnumerable<string> OfOne(Sighting sighting) =>
        Broken(sighting).Select(rule => $"{sighting.Kind} {sighting.Name}: {rule}: {sighting.Resource["status"]?.ToJsonString()}");

    private static IEnumerable<string> Broken(Sighting sighting)
    {
        var generation = sighting.Resource["metadata"]!["generation"]!.GetValue<long>();
        var observed = sighting.Resource["status"]?["observedGeneration"]?.GetValue<long>();
        var conditions = ConditionsOf(sighting.Resource);
        if (observed is null)
        {
            yield return "status says nothing of a generation, so that an unseen object would be taken for done";
            yield break;
        }

        if (observed > generation || (observed < 0 && conditions.Count > 0))
        {
            yield return "observedGeneration is not one that was observed";
        }

        foreach (var rule in conditions.SelectMany(condition => BrokenBy(condition, observed.Value)))
        {
            yield return rule;
        }

        if (observed >= 0 && Count(conditions, "Ready") != 1)
        {
            yield return "an observed object has exactly one condition Ready";
        }

        if (IsTrue(conditions, "Reconciling") && IsTrue(conditions, "Stalled"))
        {
            yield return "Reconciling and Stalled exclude each other";
        }

        if (
            sighting.Kind == "VismaConnection"
            && IsTrue(conditions, "Ready")
            && sighting.Resource["status"]!["token"]?["expirationTime"] is null
        )
        {
            yield return "Ready without a token";
        }
    }

    private static IEnumerable<string> BrokenBy(JsonNode condition, long observed)
    {
        var (type, status) = (Text(condition, "type"), Text(condition, "status"));
        if (status is not ("True" or "False" or "Unknown"))
        {
            yield return $"{type} has the status '{status}'";
        }

        if (type is "Reconciling" or "Stalled" && status != "True")
        {
            yield return $"{type} is absent unless it is True";
        }

        if (
            Text(condition, "reason") is not { Length: > 0 } reason
            || !char.IsAsciiLetterUpper(reason[0])
            || !reason.All(char.IsAsciiLetterOrDigit)
        )
        {
            yield return $"{type} has no reason in CamelCase";
        }

        if (Text(condition, "message") is not { Length: > 0 and <= LongestMessage })
        {
            yield return $"{type} has no message, or too long a one";
        }

        // What a probe said is of the spec that was probed, until there is another answer. So it is with copies.
        var generation = condition["observedGeneration"]?.GetValue<long>();
        var isOfThisSpec = type is "TokenAccepted" or "CopiesWritten" ? generation <= observed : generation == observed;
        if (Text(condition, "lastTransitionTime") is not { Length: > 0 } || !isOfThisSpec)
        {
            yield return $"{type} lacks its transition time, or speaks of another generation than the status";
        }
    }

    private static IEnumerable<string> OfSteps(IGrouping<string, Sighting> versions) =>
        versions.Zip(versions.Skip(1)).SelectMany(step => OfStep(step.First, step.Second));

    // A condition's transition time moves when its status does, and only then; alerts that say "for 5 minutes" rest on it.
    private static IEnumerable<string> OfStep(Sighting before, Sighting after) =>
        from old in ConditionsOf(before.Resource)
        from now in ConditionsOf(after.Resource)
        where Text(old, "type") == Text(now, "type")
        where Text(old, "status") == Text(now, "status") && Text(old, "lastTransitionTime") != Text(now, "lastTransitionTime")
        select $"{after.Kind} {after.Name}: {Text(now, "type")} stayed {Text(now, "status")} but its transition time moved";

    private static List<JsonNode> ConditionsOf(JsonNode resource) =>
        [.. (resource["status"]?["conditions"]?.AsArray() ?? []).OfType<JsonNode>()];

    private static bool IsTrue(List<JsonNode> conditions, string type) =>
        conditions.Exists(condition => Text(condition, "type") == type && Text(condition, "status") == "True");

    private static int Count(List<JsonNode> conditions, string type) => conditions.Count(condition => Text(condition, "type") == type);

    private static string? Text(JsonNode condition, string member) => condition[member]?.GetValue<string>();
}
