using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Tests.Doubles;
using Xunit;

namespace Kubernetes.Controllers.Tests.Caching;

public sealed class OwnDeletionsTests
{
    private static readonly IReadOnlySet<string> nothing = new HashSet<string>();
    private readonly OwnDeletions deletions = new();

    [Fact]
    public void The_watch_confirms_a_deletion_once()
    {
        deletions.Add(Some.Key, "u", "5");
        Assert.True(Excludes("u"));
        Assert.True(deletions.Confirm("u"));
        Assert.False(Excludes("u"));
        Assert.False(deletions.Confirm("u"));
    }

    [Fact]
    public void A_list_confirms_only_what_it_covers_includes_and_does_not_hold()
    {
        deletions.Add(Some.Key, "u", "5");
        deletions.Confirm(_ => true, nothing, "4");
        deletions.Confirm(_ => false, nothing, "9");
        deletions.Confirm(_ => true, new HashSet<string> { "u" }, "9");
        Assert.True(Excludes("u"));
        deletions.Confirm(_ => true, nothing, "5");
        Assert.False(Excludes("u"));
    }

    [Fact]
    public void Only_the_second_list_confirms_the_deletion_of_an_object_that_was_never_seen()
    {
        deletions.Add(Some.Key, "u", version: null);
        deletions.Confirm(_ => true, nothing, "9");
        Assert.True(Excludes("u"));
        deletions.Confirm(_ => true, nothing, "9");
        Assert.False(Excludes("u"));
    }

    [Fact]
    public void Unconfirmed_deletions_do_not_pile_up()
    {
        for (var index = 0; index < 10_000; index++)
        {
            deletions.Add(Some.Key, $"u{index}", "5");
        }

        Assert.False(Excludes("u5903"));
        Assert.True(Excludes("u5904"));
    }

    [Fact]
    public void An_earlier_object_of_the_same_name_was_gone_even_before()
    {
        deletions.Add(Some.Key, "second", "5");
        Assert.True(deletions.Exclude(Some.Key, "first", "3"));
        Assert.False(deletions.Exclude(Some.Key, "third", "7"));
        Assert.False(deletions.Exclude(new("team-a", "other"), "first", "3"));
    }

    private bool Excludes(string uid) => deletions.Exclude(Some.Key, uid, "99");
}
