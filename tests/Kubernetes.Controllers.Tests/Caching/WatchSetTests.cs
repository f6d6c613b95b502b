using System.Collections.Concurrent;
using System.Threading.Channels;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kubernetes.Controllers.Tests.Caching;

public sealed class WatchSetTests : IAsyncDisposable
{
    private static readonly NamespacedName acme = Some.Key;
    private static readonly NamespacedName other = new("team-b", "other");
    private readonly ScriptedCluster cluster = new();
    private readonly SignallingTime time = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Channel<NamespacedName> told = Channel.CreateUnbounded<NamespacedName>();
    private readonly WatchSet<SecretMetadata> set;
    private readonly Task running;

    public WatchSetTests()
    {
        set = new(cluster, time, NullLogger.Instance, () => 0);
        set.Subscribe(name => told.Writer.TryWrite(name));
        running = set.RunAsync(stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Wait.For(running);
        stop.Dispose();
    }

    [Fact]
    public async Task Follows_an_object_by_its_name_from_not_synced_to_present()
    {
        Follow(acme);
        Assert.IsType<Watched<SecretMetadata>.NotSynced>(set.Find(acme));
        var list = await cluster.NextListAsync();
        Assert.Equal(new("team-a", null, "metadata.name=acme"), list.Selector);
        list.Answer(Some.Page(5));
        await ToldAsync(acme);
        Assert.IsType<Watched<SecretMetadata>.Missing>(set.Find(acme));

        var watch = await cluster.NextWatchAsync();
        watch.Apply(Some.Secret("acme", 7));
        await ToldAsync(acme);
        Assert.Equal(new Watched<SecretMetadata>.Present(Some.Secret("acme", 7)), set.Find(acme));

        watch.Delete(Some.Secret("acme", 8));
        await ToldAsync(acme);
        Assert.IsType<Watched<SecretMetadata>.Missing>(set.Find(acme));
    }

    [Fact]
    public async Task The_silence_of_one_watch_is_told_and_not_of_what_may_not_be_read()
    {
        Assert.Null(set.LastContact);
        var begun = time.GetUtcNow();
        Follow(acme);
        Assert.Equal(begun, set.LastContact); // never heard of, since then
        (await cluster.NextListAsync()).Answer(Some.Page(5));
        var watch = await cluster.NextWatchAsync();
        time.Advance(TimeSpan.FromMinutes(3));
        watch.Apply(Some.Secret("acme", 7));
        await ToldAsync(acme);
        await ToldAsync(acme);
        Assert.Equal(begun.AddMinutes(3), set.LastContact);

        Follow(acme, other);
        Assert.Equal(begun.AddMinutes(3), set.LastContact);
        time.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(begun.AddMinutes(3), set.LastContact);
        Follow();
        Assert.Null(set.LastContact);
    }

    [Fact]
    public async Task A_name_that_may_not_be_read_is_reported_and_asked_for_slowly_until_it_may()
    {
        Follow(acme);
        await RefuseUntilBelievedAsync();
        await ToldAsync(acme);
        Assert.Equal(new Watched<SecretMetadata>.Forbidden("secrets \"acme\" is forbidden"), set.Find(acme));

        var waits = new List<double>();
        for (var round = 0; round < 6; round++)
        {
            waits.Add((await time.PassNextWaitAsync()).TotalSeconds);
            (await cluster.NextListAsync()).Refuse(Some.Forbidden);
        }

        Assert.Equal([2.5, 5, 10, 15, 15, 15], waits); // a person who grants a permission waits until it takes effect
        await time.PassNextWaitAsync();
        (await cluster.NextListAsync()).Answer(Some.Page(5, Some.Secret("acme", 3)));
        await ToldAsync(acme);
        Assert.IsType<Watched<SecretMetadata>.Present>(set.Find(acme));
    }

    [Fact]
    public async Task A_forbidden_watch_is_reported_although_the_list_is_granted()
    {
        Follow(acme);
        await ListButDoNotWatchAsync();
        await ToldAsync(acme);
        for (var refusal = 2; refusal <= 7; refusal++)
        {
            Assert.IsType<Watched<SecretMetadata>.Present>(set.Find(acme));
            await time.PassNextWaitAsync();
            await ListButDoNotWatchAsync();
        }

        await ToldAsync(acme);
        Assert.IsType<Watched<SecretMetadata>.Forbidden>(set.Find(acme));

        var waits = new List<double>();
        for (var round = 0; round < 4; round++)
        {
            waits.Add((await time.PassNextWaitAsync()).TotalSeconds);
            await ListButDoNotWatchAsync();
        }

        Assert.Equal([2.5, 5, 10, 15], waits);
    }

    [Fact]
    public async Task A_watch_that_was_open_makes_the_next_refusal_a_first_one()
    {
        Follow(acme);
        for (var restart = 0; restart < 3; restart++)
        {
            (await cluster.NextListAsync()).Answer(Some.Page(6, Some.Secret("acme", 3)));
            var watch = await cluster.NextWatchAsync();
            watch.Bookmark("6");
            watch.Break(Some.Forbidden);
            await time.PassNextWaitAsync();
            Assert.IsType<Watched<SecretMetadata>.Present>(set.Find(acme));
            time.Advance(TimeSpan.FromSeconds(4));
        }
    }

    [Fact]
    public async Task A_permission_that_is_withdrawn_during_a_watch_is_reported_and_the_object_is_listed_again()
    {
        Follow(acme);
        (await cluster.NextListAsync()).Answer(Some.Page(5, Some.Secret("acme", 3)));
        (await cluster.NextWatchAsync()).Break(Some.Forbidden);
        await time.PassNextWaitAsync();
        await RefuseUntilBelievedAsync(refusals: 6);
        await ToldAsync(acme);
        await ToldAsync(acme);
        Assert.IsType<Watched<SecretMetadata>.Forbidden>(set.Find(acme));
        await time.PassNextWaitAsync();
        (await cluster.NextListAsync()).Answer(Some.Page(9, Some.Secret("acme", 3)));
        await ToldAsync(acme);
        Assert.IsType<Watched<SecretMetadata>.Present>(set.Find(acme));
    }

    [Fact]
    public async Task A_server_that_forbids_until_it_has_read_its_roles_is_not_believed()
    {
        Follow(acme);
        (await cluster.NextListAsync()).Answer(Some.Page(5, Some.Secret("acme", 3)));
        await ToldAsync(acme);
        (await cluster.NextWatchAsync()).Break(new IOException("the server was killed"));
        for (var asked = 0; asked < 5; asked++)
        {
            Assert.IsType<Watched<SecretMetadata>.Present>(set.Find(acme));
            await time.PassNextWaitAsync();
            if (asked == 0)
            {
                (await cluster.NextWatchAsync()).Break(Some.Forbidden);
            }
            else
            {
                (await cluster.NextListAsync()).Refuse(Some.Forbidden);
            }
        }

        await time.PassNextWaitAsync();
        (await cluster.NextListAsync()).Answer(Some.Page(9, Some.Secret("acme", 8)));
        await ToldAsync(acme);
        Assert.Equal(new Watched<SecretMetadata>.Present(Some.Secret("acme", 8)), set.Find(acme));
    }

    [Fact]
    public async Task Changing_the_set_does_not_disturb_the_others()
    {
        Follow(acme);
        (await cluster.NextListAsync()).Answer(Some.Page(5, Some.Secret("acme", 3)));
        var watch = await cluster.NextWatchAsync();
        await ToldAsync(acme);

        Follow(acme, other);
        var list = await cluster.NextListAsync();
        Assert.Equal("team-b", list.Selector.Namespace);
        list.Answer(Some.Page(6));
        await ToldAsync(other);
        Follow(acme);

        Assert.IsType<Watched<SecretMetadata>.NotSynced>(set.Find(other));
        watch.Apply(Some.Secret("acme", 9));
        await ToldAsync(acme);
        Assert.Equal(new Watched<SecretMetadata>.Present(Some.Secret("acme", 9)), set.Find(acme));
    }

    [Fact]
    public async Task A_name_that_is_followed_again_starts_from_nothing()
    {
        Follow(acme);
        (await cluster.NextListAsync()).Answer(Some.Page(5, Some.Secret("acme", 3)));
        await ToldAsync(acme);
        Follow();
        Follow(acme);
        Assert.IsType<Watched<SecretMetadata>.NotSynced>(set.Find(acme));
        (await cluster.NextListAsync()).Answer(Some.Page(9));
        await ToldAsync(acme);
        Assert.IsType<Watched<SecretMetadata>.Missing>(set.Find(acme));
    }

    [Fact]
    public async Task Three_hundred_names_are_followed_each_with_a_watch_of_its_own()
    {
        var names = Enumerable.Range(0, 300).Select(index => new NamespacedName("team-a", $"secret-{index}")).ToHashSet();
        set.Follow(names);
        var listed = new ConcurrentBag<string>();
        for (var count = 0; count < names.Count; count++)
        {
            var list = await cluster.NextListAsync();
            listed.Add(list.Selector.FieldSelector!);
            list.Answer(Some.Page(5, Some.Secret(list.Selector.FieldSelector!["metadata.name=".Length..], 1)));
        }

        for (var count = 0; count < names.Count; count++)
        {
            await cluster.NextWatchAsync();
        }

        Assert.Equal(300, listed.Distinct().Count());
        Assert.All(names, name => Assert.IsType<Watched<SecretMetadata>.Present>(set.Find(name)));
    }

    [Fact]
    public async Task A_bug_ends_it()
    {
        var broken = new WatchSet<SecretMetadata>(cluster, time, NullLogger.Instance, () => 0);
        broken.Subscribe(_ => throw new InvalidCastException());
        broken.Follow(new HashSet<NamespacedName> { acme });
        var ending = broken.RunAsync(stop.Token);
        (await cluster.NextListAsync()).Answer(Some.Page(5, Some.Secret("acme", 3)));
        await Assert.ThrowsAsync<InvalidCastException>(() => Wait.For(ending));
    }

    // 0.1, 0.2, 0.4, 0.8, 1.6 and 3.2 s apart: only the last of seven in a row is believed.
    private async Task RefuseUntilBelievedAsync(int refusals = 7)
    {
        for (var refusal = 1; refusal <= refusals; refusal++)
        {
            (await cluster.NextListAsync()).Refuse(Some.Forbidden);
            if (refusal < refusals)
            {
                await time.PassNextWaitAsync();
            }
        }
    }

    private async Task ListButDoNotWatchAsync()
    {
        (await cluster.NextListAsync()).Answer(Some.Page(5, Some.Secret("acme", 3)));
        (await cluster.NextWatchAsync()).Break(Some.Forbidden);
    }

    private void Follow(params NamespacedName[] names) => set.Follow(names.ToHashSet());

    private async Task ToldAsync(NamespacedName name) => Assert.Equal(name, await Wait.For(told.Reader.ReadAsync()));
}
