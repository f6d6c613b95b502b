using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Sets;

namespace VismaOperator.Tests.Sets;

/// <summary>Which removals wait for a person.</summary>
public sealed class RemovalHoldTests
{
    private static readonly TenantList.Known some = new(SomeSets.Tenants(1));
    private static readonly TenantList.Known emptied = new([]);

    [Theory]
    [InlineData(6, 5, false)]
    [InlineData(6, 6, true)]
    [InlineData(59, 5, false)]
    [InlineData(59, 6, true)]
    [InlineData(60, 6, false)]
    [InlineData(200, 20, false)]
    [InlineData(200, 21, true)]
    [InlineData(0, 0, false)]
    public void More_than_five_and_a_tenth_wait(int connections, int removals, bool isHeld) =>
        Assert.Equal(isHeld, RemovalHold.Of(Set(), connections, removals, some).IsHeld);

    [Theory]
    [InlineData(1, true)]
    [InlineData(0, false)]
    public void A_list_elsewhere_that_is_empty_removes_nobody(int removals, bool isHeld)
    {
        Assert.Equal(isHeld, RemovalHold.Of(Set(), 3, removals, emptied).IsHeld);
        Assert.False(RemovalHold.Of(Set(), 3, removals, emptied with { IsDeclared = true }).IsHeld);
        var unclear = new Dictionary<string, Problem> { ["a"] = new(Reason.TenantsInvalid, "x") };
        Assert.False(RemovalHold.Of(Set(), 3, removals, emptied with { Unclear = unclear }).IsHeld);
    }

    [Theory]
    [InlineData("30", null, false, 30)]
    [InlineData("29", null, true, null)]
    [InlineData("31", null, true, null)]
    [InlineData("thirty", null, true, null)]
    [InlineData(" 30", null, true, null)]
    [InlineData("030", null, false, 30)]
    [InlineData("-30", null, true, null)]
    [InlineData("30", 30, true, 30)] // it confirmed an earlier removal
    [InlineData("30", 29, false, 30)]
    [InlineData("29", 29, true, 29)]
    [InlineData(null, 30, true, null)]
    public void The_annotation_confirms_its_count_once(string? annotation, int? used, bool isHeld, int? confirmed)
    {
        var hold = RemovalHold.Of(Set(annotation, used), 100, 30, some);

        Assert.Equal((isHeld, confirmed), (hold.IsHeld, hold.Confirmed));
    }

    [Theory]
    [InlineData("2", null, 2)]
    [InlineData("7", null, 7)]
    [InlineData("7", 30, 7)]
    [InlineData("30", 30, 30)]
    [InlineData(null, 30, null)]
    public void A_count_is_used_up_where_it_meets_no_hold(string? annotation, int? used, int? confirmed) =>
        Assert.Equal(confirmed, RemovalHold.Of(Set(annotation, used), 100, 2, some).Confirmed);

    [Theory]
    [InlineData("30", 30, 30, 22, false, 22)]
    [InlineData("30", 30, 20, 22, true, null)] // others left the list meanwhile
    [InlineData("30", 30, null, 22, true, null)]
    [InlineData("22", 30, 30, 22, false, 22)]
    [InlineData(null, 30, 30, 22, true, null)]
    [InlineData("30", 30, 30, 0, false, null)]
    [InlineData("30", 30, 30, 2, false, 2)]
    public void What_is_left_of_confirmed_removals_goes_on(
        string? annotation,
        int? used,
        int? left,
        int removals,
        bool isHeld,
        int? remaining
    )
    {
        var hold = RemovalHold.Of(Set(annotation, used, left), 100, removals, some);

        Assert.Equal((isHeld, remaining), (hold.IsHeld, hold.Left));
    }

    [Fact]
    public void A_confirmation_is_told_before_the_first_removal()
    {
        Assert.True(RemovalHold.Of(Set("30"), 100, 30, some).IsToBeTold);
        Assert.False(RemovalHold.Of(Set("30", 30, 30), 100, 30, some).IsToBeTold);
    }

    private static VismaConnectionSet Set(string? annotation = null, int? used = null, int? left = null)
    {
        var set = SomeSets.Set();
        return set with
        {
            Metadata = set.Metadata with
            {
                Annotations = annotation is null
                    ? null
                    : new Dictionary<string, string> { [VismaNames.ConfirmRemovalsAnnotation] = annotation },
            },
            Status = new VismaConnectionSetStatus { ConfirmedRemovals = used, RemovalsLeft = left },
        };
    }
}
