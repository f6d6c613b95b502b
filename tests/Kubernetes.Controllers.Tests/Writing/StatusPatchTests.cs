using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Kubernetes.Client.Resources;
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
        var patch = Json(StatusPatch.Between(before, after))!;
        Assert.Equal("Ready", (string?)patch["status"]!["conditions"]![0]!["type"]);
        Assert.Single(patch["status"]!.AsObject());
    }

    [Fact]
    public void What_is_written_alike_makes_no_patch()
    {
        Condition ready = new() { Type = "Ready", Status = "True", Reason = "R", LastTransitionTime = DateTimeOffset.UnixEpoch };
        var (from, to) = (Ready(ready), Ready(ready with { LastTransitionTime = DateTimeOffset.UnixEpoch.AddMilliseconds(1) }));
        Assert.NotEqual(from.Status, to.Status);
        Assert.Null(StatusPatch.Between(from, to));
        Assert.Null(StatusPatch.Between(Ready(), before with { Status = before.Status! with { Conditions = new List<Condition>() } }));

        Widget Ready(params Condition[] conditions) => before with { Status = before.Status! with { Conditions = conditions } };
    }

    /// <summary>Where the server lacks the inner object, an empty one would be one without its required members.</summary>
    [Fact]
    public void An_inner_object_that_is_written_alike_is_left_out()
    {
        var (from, to) = (With(new List<string> { "a" }, "Old"), With(["a"], "New"));
        AssertJson("""{"status":{"phase":"New"},"metadata":{"resourceVersion":"7"}}""", StatusPatch.Between(from, to));

        Widget With(IReadOnlyList<string> names, string phase) =>
            before with { Status = new() { Phase = phase, Inner = new() { Names = names } } };
    }

    [Fact]
    public void A_map_in_a_status_is_refused_since_a_merge_patch_would_keep_its_old_keys() =>
        Assert.Throws<NotSupportedException>(() =>
            StatusPatch.Between(before, before with { Status = before.Status! with { Counts = new Dictionary<string, string>() } })
        );

    /// <summary>RFC 7386, section 2: applying the patch to the one gives the other, and there is none only when they are equal.</summary>
    [Fact]
    public void Applying_the_patch_gives_the_wanted_status() =>
        Gen.Select(statuses, statuses).Sample((from, to) =>
        {
            var patch = Json(StatusPatch.Between(new Widget { Status = from }, new Widget { Status = to }))?["status"];
            var (source, target) = (ToJson(from), ToJson(to));
            Assert.Equal(JsonNode.DeepEquals(source, target), patch is null);
            Assert.True(JsonNode.DeepEquals(target, patch is null ? source : Apply(source, patch)));
        });

    private static readonly Gen<string?> texts = Gen.Int[0, 2].Select(pick => pick switch { 0 => null, 1 => "a", _ => "b" });

    private static readonly Gen<WidgetStatus> leaves = Gen.Select(
        texts,
        texts,
        (phase, name) =>
            new WidgetStatus { Phase = phase, Names = name is null ? null : [name] }
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

    private static JsonNode? Json(ReadOnlyMemory<byte>? patch) => patch is { } text ? JsonNode.Parse(text.Span) : null;

    private static void AssertJson(string expected, ReadOnlyMemory<byte>? patch) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), Json(patch)), Json(patch)?.ToJsonString() ?? "null");
}
