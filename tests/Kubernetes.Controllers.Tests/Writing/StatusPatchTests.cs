using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Kubernetes.Controllers.Writing;
using Xunit;

namespace Kubernetes.Controllers.Tests.Writing;

public sealed class StatusPatchTests
{
    private static readonly Widget before = new()
    {
        Metadata = new() { Name = "w", ResourceVersion = "7" },
        Status = new() { ObservedGeneration = 1, Phase = "Old", Inner = new() { Phase = "Deep", ObservedGeneration = 1 } },
    };

    [Fact]
    public void Equal_statuses_make_no_patch() =>
        Assert.Null(StatusPatch.Between(before, before with { Metadata = new() { Name = "w", ResourceVersion = "8" } }));

    [Fact]
    public void Only_what_differs_is_sent_and_what_is_gone_becomes_null()
    {
        var after = before with
        {
            Status = before.Status! with
            {
                ObservedGeneration = 2,
                Phase = null,
                Inner = new() { Phase = "Deep" },
            },
        };
        AssertJson(
            """{"status":{"phase":null,"observedGeneration":2,"inner":{"observedGeneration":null}},"metadata":{"resourceVersion":"7"}}""",
            StatusPatch.Between(before, after)
        );
    }

    [Fact]
    public void A_first_status_is_sent_as_it_is_and_a_last_one_removed()
    {
        AssertJson(
            """{"status":{"phase":"New"},"metadata":{"resourceVersion":"7"}}""",
            StatusPatch.Between(
                new Widget
                {
                    Metadata = new() { Name = "w", ResourceVersion = "7" },
                },
                new Widget { Status = new() { Phase = "New" } }
            )
        );
        AssertJson("""{"status":{"phase":"New"}}""", StatusPatch.Between(new Widget(), new Widget { Status = new() { Phase = "New" } }));
        AssertJson("""{"status":null}""", StatusPatch.Between(new Widget { Status = new() { Phase = "New" } }, new Widget()));
    }

    [Fact]
    public void A_list_is_replaced_as_a_whole()
    {
        var after = before with { Status = before.Status! with { Conditions = [new() { Type = "Ready", Status = "True", Reason = "R" }] } };
        var patch = StatusPatch.Between(before, after)!;
        Assert.Equal("Ready", (string?)patch["status"]!["conditions"]![0]!["type"]);
        Assert.Single(patch["status"]!.AsObject());
    }

    /// <summary>RFC 7386, section 2: applying the patch to the one gives the other, and there is none only when they are equal.</summary>
    [Fact]
    public void Applying_the_patch_gives_the_wanted_status() =>
        Gen.Select(statuses, statuses).Sample((from, to) =>
        {
            var patch = StatusPatch.Between(new Widget { Status = from }, new Widget { Status = to })?["status"];
            var (source, target) = (ToJson(from), ToJson(to));
            Assert.Equal(JsonNode.DeepEquals(source, target), patch is null);
            Assert.True(JsonNode.DeepEquals(target, patch is null ? source : Apply(source, patch)));
        });

    private static readonly Gen<string?> texts = Gen.Int[0, 2].Select(pick => pick switch { 0 => null, 1 => "a", _ => "b" });

    private static readonly Gen<WidgetStatus> leaves = Gen.Select(
        texts,
        texts,
        (phase, count) =>
            new WidgetStatus { Phase = phase, Counts = count is null ? null : new Dictionary<string, string> { [count] = "1" } }
    );

    private static readonly Gen<WidgetStatus> statuses = Gen.Select(
        leaves, leaves, Gen.Bool, (outer, inner, hasInner) => outer with { Inner = hasInner ? inner : null });

    private static JsonNode ToJson(WidgetStatus status) => JsonSerializer.SerializeToNode(status, WidgetJsonContext.Default.WidgetStatus)!;

    private static JsonNode Apply(JsonNode? target, JsonNode patch)
    {
        if (patch is not JsonObject members)
        {
            return patch.DeepClone();
        }

        var result = target is JsonObject present ? present.DeepClone().AsObject() : [];
        foreach (var (name, value) in members)
        {
            if (value is null)
            {
                result.Remove(name);
            }
            else
            {
                result[name] = Apply(result[name], value);
            }
        }

        return result;
    }

    private static void AssertJson(string expected, JsonObject? actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), actual?.ToJsonString() ?? "null");
}
