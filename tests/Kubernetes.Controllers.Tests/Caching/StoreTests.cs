using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Tests.Doubles;
using Xunit;

namespace Kubernetes.Controllers.Tests.Caching;

public sealed class StoreTests
{
    private readonly Store<SecretMetadata> store = new();
    private readonly StoreFeed<SecretMetadata> feed;
    private readonly List<StoreChange<SecretMetadata>> changes = [];

    public StoreTests()
    {
        feed = store.AddFeed(ResourceSelector.All);
        store.Subscribe(changes.Add);
    }

    [Fact]
    public void Is_in_sync_only_after_a_complete_list()
    {
        feed.Found(new CacheEvent<SecretMetadata>.Applied(Some.Secret("a", 1)));
        Assert.False(new Store<SecretMetadata>().AddFeed(ResourceSelector.All).HasSynced);
        List(5);
        Assert.True(store.HasSynced);
    }

    [Fact]
    public void A_watch_that_is_five_seconds_late_never_takes_an_own_write_back()
    {
        List(10, Some.Secret("acme", 8));
        store.Observe(Some.Secret("acme", 12));
        changes.Clear();

        Apply(Some.Secret("acme", 9));
        Apply(Some.Secret("acme", 11));
        Assert.Equal("12", VersionOf(Some.Key));
        Apply(Some.Secret("acme", 12));

        Assert.Empty(changes);
        Apply(Some.Secret("acme", 13));
        Assert.Equal("13", VersionOf(Some.Key));
    }

    [Theory]
    [InlineData("acme", "11", true)]
    [InlineData("acme", "12", true)]
    [InlineData("acme", "13", false)]
    [InlineData("acme", "100", false)]
    [InlineData("gone", "11", false)]
    [InlineData("other", "11", false)]
    public void Knows_what_a_late_watch_would_tell(string name, string version, bool isKnown)
    {
        List(10, Some.Secret("gone", 8));
        store.Observe(Some.Secret("acme", 12));
        store.ObserveDeletion(Some.Key with { Name = "gone" }, uid: null);

        Assert.Equal(isKnown, feed.Knows(Some.Key with { Name = name }, version));
    }

    [Fact]
    public void A_change_says_whether_this_process_made_it()
    {
        List(10);
        store.Observe(Some.Secret("acme", 12));
        Apply(Some.Secret("acme", 13));
        Assert.Equal([ChangeOrigin.OwnWrite, ChangeOrigin.Cluster], changes.Select(change => change.Origin));
    }

    [Fact]
    public void An_own_write_that_is_newer_than_a_list_survives_it()
    {
        List(10);
        store.Observe(Some.Secret("acme", 12));
        List(11);
        Assert.Equal("12", VersionOf(Some.Key));
        List(12);
        Assert.Null(store.Find(Some.Key));
    }

    [Fact]
    public void The_answer_of_a_write_that_comes_after_the_deletion_does_not_bring_the_object_back()
    {
        List(10, Some.Secret("acme", 8));
        Delete(Some.Secret("acme", 12));
        store.Observe(Some.Secret("acme", 11));
        Assert.Null(store.Find(Some.Key));
    }

    [Fact]
    public void Late_events_of_an_object_that_was_deleted_here_do_not_bring_it_back_but_a_new_one_of_its_name_is_seen()
    {
        List(10, Some.Secret("acme", 8, uid: "old"));
        store.ObserveDeletion(Some.Key, uid: null);
        Apply(Some.Secret("acme", 11, uid: "old"));
        Assert.Null(store.Find(Some.Key));

        store.Observe(Some.Secret("acme", 14, uid: "new"));
        Delete(Some.Secret("acme", 13, uid: "old"));
        Assert.Equal("new", store.Find(Some.Key)?.Metadata.Uid);
    }

    [Fact]
    public void A_deletion_of_another_object_of_that_name_takes_nothing_out()
    {
        List(10, Some.Secret("acme", 8, uid: "new"));
        store.ObserveDeletion(Some.Key, uid: "old");
        Assert.NotNull(store.Find(Some.Key));
    }

    [Fact]
    public void A_list_that_still_shows_what_was_deleted_here_does_not_bring_it_back()
    {
        List(10, Some.Secret("acme", 8));
        store.ObserveDeletion(Some.Key, "uid-of-acme");
        List(11, Some.Secret("acme", 8));
        Assert.Null(store.Find(Some.Key));
    }

    [Fact]
    public void A_list_with_an_object_that_was_deleted_here_takes_out_the_earlier_one_of_its_name()
    {
        List(10, Some.Secret("acme", 8, uid: "first"));
        store.ObserveDeletion(Some.Key, "second");
        List(13, Some.Secret("acme", 12, uid: "second"));
        Assert.Null(store.Find(Some.Key));

        List(15);
        store.Observe(Some.Secret("acme", 9, uid: "first"));
        Assert.Null(store.Find(Some.Key));
    }

    [Fact]
    public void A_confirmed_own_deletion_is_reported_once_more_and_wakes_those_that_wait_for_the_name()
    {
        List(10, Some.Secret("acme", 8));
        store.ObserveDeletion(Some.Key, "uid-of-acme");
        changes.Clear();
        Delete(Some.Secret("acme", 12));
        Assert.Equal([new(Some.Key, Some.Secret("acme", 12), null)], changes);
    }

    [Fact]
    public void Deletions_during_a_disconnect_are_reported_with_the_last_full_object()
    {
        var last = Some.Secret("acme", 8);
        List(10, last, Some.Secret("other", 9));
        changes.Clear();
        List(20, Some.Secret("other", 9));
        Assert.Equal([new(Some.Key, last, null)], changes);
    }

    [Fact]
    public void An_object_that_matches_the_selector_again_is_back()
    {
        List(10, Some.Secret("acme", 8));
        Delete(Some.Secret("acme", 12));
        Apply(Some.Secret("acme", 14));
        Assert.Equal("14", VersionOf(Some.Key));
    }

    [Fact]
    public void A_list_in_one_namespace_leaves_the_others_alone()
    {
        var two = new Store<SecretMetadata>();
        var (a, b) = (two.AddFeed(new("team-a")), two.AddFeed(new("team-b")));
        a.Found(new CacheEvent<SecretMetadata>.Complete([Some.Secret("x", 1)], "5"));
        Assert.False(two.HasSynced);
        b.Found(new CacheEvent<SecretMetadata>.Complete([Some.Secret("x", 2, @namespace: "team-b")], "6"));
        a.Found(new CacheEvent<SecretMetadata>.Complete([], "7"));

        Assert.True(two.HasSynced);
        Assert.Equal("team-b", Assert.Single(two.List()).Metadata.Namespace);
    }

    [Fact]
    public void A_cluster_that_went_back_in_time_ends_it()
    {
        List(10);
        feed.Found(new CacheEvent<SecretMetadata>.Progress("90"));
        Assert.Throws<InvalidOperationException>(() => List(50));
    }

    [Fact]
    public void An_index_follows_every_change()
    {
        List(10, Some.Secret("before", 8, uid: "x"));
        store.AddIndex("uid", secret => [secret.Metadata.Uid!]);
        Apply(Some.Secret("acme", 11, uid: "x"));
        Assert.Equal(["acme", "before"], store.FindBy("uid", "x").Select(found => found.Metadata.Name).Order(StringComparer.Ordinal));

        Apply(Some.Secret("acme", 12, uid: "y"));
        Delete(Some.Secret("before", 13, uid: "x"));
        Assert.Empty(store.FindBy("uid", "x"));
        Assert.Single(store.FindBy("uid", "y"));
        Assert.Throws<KeyNotFoundException>(() => store.FindBy("unheard-of", "x"));
    }

    [Fact]
    public void A_subscriber_may_look_into_the_store_and_change_it()
    {
        using var subscription = store.Subscribe(change =>
        {
            if (change.After?.Metadata.ResourceVersion == "11")
            {
                store.Observe(Some.Secret("acme", 12));
                Assert.Equal("12", VersionOf(Some.Key));
            }
        });
        List(10);
        Apply(Some.Secret("acme", 11));
        Assert.Equal(["11", "12"], changes.Select(change => change.After!.Metadata.ResourceVersion));
    }

    [Fact]
    public void A_subscription_that_was_disposed_is_silent()
    {
        var heard = new List<StoreChange<SecretMetadata>>();
        store.Subscribe(heard.Add).Dispose();
        List(10, Some.Secret("acme", 8));
        Assert.Empty(heard);
        Assert.Single(changes);
    }

    [Fact]
    public void A_subscriber_that_throws_does_not_silence_later_changes()
    {
        using (store.Subscribe(_ => throw new FormatException()))
        {
            Assert.Throws<FormatException>(() => List(10, Some.Secret("acme", 8)));
        }

        Apply(Some.Secret("acme", 11));
        Assert.Equal(2, changes.Count);
    }

    private void List(long version, params SecretMetadata[] items) =>
        feed.Found(new CacheEvent<SecretMetadata>.Complete(items, version.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    private void Apply(SecretMetadata secret) => feed.Found(new CacheEvent<SecretMetadata>.Applied(secret));

    private void Delete(SecretMetadata secret) => feed.Found(new CacheEvent<SecretMetadata>.Deleted(secret));

    private string? VersionOf(NamespacedName name) => store.Find(name)?.Metadata.ResourceVersion;
}
