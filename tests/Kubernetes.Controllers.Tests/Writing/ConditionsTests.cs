using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using Xunit;

namespace Kubernetes.Controllers.Tests.Writing;

public sealed class ConditionsTests
{
    private static readonly DateTimeOffset then = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset now = new(2026, 3, 1, 13, 0, 0, 700, TimeSpan.Zero);
    private static readonly IReadOnlyList<Condition> two =
    [
        new() { Type = "Ready", Status = "True", Reason = "Issued", LastTransitionTime = then },
        new() { Type = "TokenFresh", Status = "True", Reason = "Issued", LastTransitionTime = then },
    ];

    [Fact]
    public void The_time_of_transition_stays_while_the_status_stays()
    {
        var set = Conditions.Set(two, new() { Type = "Ready", Status = "True", Reason = "Refreshed", ObservedGeneration = 3 }, now);
        var ready = Conditions.Find(set, "Ready")!;
        Assert.Equal((then, "Refreshed", 3), (ready.LastTransitionTime, ready.Reason, ready.ObservedGeneration));
    }

    [Fact]
    public void A_condition_that_is_set_as_it_is_leaves_the_list_as_it_is() =>
        Assert.Same(two, Conditions.Set(two, two[0] with { LastTransitionTime = now }, now));

    [Fact]
    public void The_time_of_transition_is_now_in_whole_seconds_when_the_status_changes() =>
        Assert.Equal(
            new(2026, 3, 1, 13, 0, 0, TimeSpan.Zero),
            Conditions
                .Find(
                    Conditions.Set(
                        two,
                        new()
                        {
                            Type = "Ready",
                            Status = "False",
                            Reason = "Expired",
                        },
                        now
                    ),
                    "Ready"
                )!
                .LastTransitionTime
        );

    [Fact]
    public void A_new_condition_is_appended_and_the_others_keep_their_places() =>
        Assert.Equal(
            ["Ready", "TokenFresh", "Stalled"],
            Conditions
                .Set(
                    two,
                    new()
                    {
                        Type = "Stalled",
                        Status = "True",
                        Reason = "InvalidSpec",
                    },
                    now
                )
                .Select(condition => condition.Type)
        );

    [Fact]
    public void Setting_the_same_again_changes_nothing() => Assert.Equal(two, Conditions.Set(two, two[1], now));

    [Fact]
    public void Removing_takes_out_only_that_type()
    {
        Assert.Equal([two[1]], Conditions.Remove(two, "Ready"));
        Assert.Equal(two, Conditions.Remove(two, "Stalled"));
        Assert.Empty(Conditions.Remove(null, "Ready"));
        Assert.Null(Conditions.Find(null, "Ready"));
    }

    [Fact]
    public void A_message_is_cut_to_what_the_server_takes() =>
        Assert.Equal(
            32768,
            Assert
                .Single(
                    Conditions.Set(
                        null,
                        new()
                        {
                            Type = "Ready",
                            Status = "True",
                            Reason = "R",
                            Message = new('x', 40000),
                        },
                        now
                    )
                )
                .Message.Length
        );
}
