using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Tests.Doubles;
using Xunit;
using Listing = Kubernetes.Controllers.Caching.ListWatchState<Kubernetes.Client.Resources.SecretMetadata>.Listing;
using Signal = Kubernetes.Controllers.Caching.ListWatchSignal<Kubernetes.Client.Resources.SecretMetadata>;
using State = Kubernetes.Controllers.Caching.ListWatchState<Kubernetes.Client.Resources.SecretMetadata>;
using Watching = Kubernetes.Controllers.Caching.ListWatchState<Kubernetes.Client.Resources.SecretMetadata>.Watching;

namespace Kubernetes.Controllers.Tests.Caching;

public sealed class ListWatchTests
{
    private static readonly SecretMetadata first = Some.Secret("a", 3);
    private static readonly SecretMetadata second = Some.Secret("b", 4);

    [Fact]
    public void A_single_page_completes_the_list_and_the_watch_begins_at_its_version()
    {
        var (state, cacheEvent) = Step(Listing.Anew, new Signal.Page(Some.Page(7, first)));

        Assert.Equal(new Watching("7"), state);
        var complete = Assert.IsType<CacheEvent<SecretMetadata>.Complete>(cacheEvent);
        Assert.Equal(("7", first), (complete.ResourceVersion, Assert.Single(complete.Items)));
    }

    [Fact]
    public void Nothing_is_found_before_the_last_page_which_then_holds_all_pages()
    {
        var (paging, nothing) = Step(Listing.Anew, new Signal.Page(Some.PageWithMore(7, "more", first)));
        var (state, cacheEvent) = Step(paging, new Signal.Page(Some.Page(9, second)));

        Assert.Null(nothing);
        Assert.Equal("more", Assert.IsType<Listing>(paging).ContinueToken);
        Assert.Equal(new Watching("7"), state);
        Assert.Equal([first, second], Assert.IsType<CacheEvent<SecretMetadata>.Complete>(cacheEvent).Items);
    }

    [Fact]
    public void An_expired_continue_token_restarts_the_list()
    {
        var (paging, _) = Step(Listing.Anew, new Signal.Page(Some.PageWithMore(7, "more", first)));
        var (state, _) = Step(paging, new Signal.Failure(Some.Expired));
        Assert.Same(Listing.Anew, state);
    }

    [Fact]
    public void Any_other_failure_while_listing_asks_for_the_same_page_again()
    {
        var (paging, _) = Step(Listing.Anew, new Signal.Page(Some.PageWithMore(7, "more", first)));
        var (state, _) = Step(paging, new Signal.Failure(new IOException("cut")));
        Assert.Same(paging, state);
    }

    [Fact]
    public void Lines_and_bookmarks_advance_the_version_that_a_later_watch_resumes_from()
    {
        var (applied, change) = Step(new Watching("9"), new Signal.Line(new WatchEvent<SecretMetadata>.Applied(Some.Secret("a", 10))));
        var (deleted, deletion) = Step(applied, new Signal.Line(new WatchEvent<SecretMetadata>.Deleted(Some.Secret("a", 12))));
        var (marked, progress) = Step(deleted, new Signal.Line(new WatchEvent<SecretMetadata>.Bookmark("100")));

        Assert.Equal([new Watching("10"), new Watching("12"), new Watching("100")], new[] { applied, deleted, marked });
        Assert.IsType<CacheEvent<SecretMetadata>.Applied>(change);
        Assert.IsType<CacheEvent<SecretMetadata>.Deleted>(deletion);
        Assert.Equal(new CacheEvent<SecretMetadata>.Progress("100"), progress);
    }

    [Fact]
    public void An_old_bookmark_does_not_take_the_version_back() =>
        Assert.Equal(new Watching("100"), Step(new Watching("100"), new Signal.Line(new WatchEvent<SecretMetadata>.Bookmark("99"))).State);

    public static TheoryData<string, Exception, bool> Failures => new()
    {
        { "410", Some.Expired, true },
        { "403", Some.Forbidden, true },
        { "504", new KubernetesException(HttpStatusCode.GatewayTimeout, "Timeout", "Too large resource version"), true },
        { "429", Some.TooManyRequests(TimeSpan.FromSeconds(1)), false },
        { "500", Some.ServerError, false },
        { "cut", new IOException("cut"), false },
        { "refused", new HttpRequestException("connection refused"), false },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void A_failed_watch_resumes_or_starts_with_a_new_list(string name, Exception failure, bool beginsAnew)
    {
        _ = name;
        var (state, cacheEvent) = Step(new Watching("9"), new Signal.Failure(failure));
        Assert.Null(cacheEvent);
        Assert.Equal(beginsAnew ? Listing.Anew : (State)new Watching("9"), state);
    }

    [Fact]
    public void A_streaming_list_is_complete_at_the_bookmark_that_says_so()
    {
        var changed = Some.Secret("a", 6);
        var (state, finding) = Follow(
            new WatchEvent<SecretMetadata>.Applied(first),
            new WatchEvent<SecretMetadata>.Applied(second),
            new WatchEvent<SecretMetadata>.Bookmark("5"),
            new WatchEvent<SecretMetadata>.Applied(changed),
            new WatchEvent<SecretMetadata>.Deleted(Some.Secret("b", 7)),
            new WatchEvent<SecretMetadata>.Bookmark("8") { EndsInitialEvents = true }
        );

        Assert.Equal(new Watching("8"), state);
        var complete = Assert.IsType<CacheEvent<SecretMetadata>.Complete>(finding);
        Assert.Equal(("8", changed), (complete.ResourceVersion, Assert.Single(complete.Items)));
    }

    [Fact]
    public void Nothing_is_found_before_a_streaming_list_is_complete_and_a_failure_restarts_it()
    {
        var (state, finding) = Follow(
            new WatchEvent<SecretMetadata>.Applied(first),
            new WatchEvent<SecretMetadata>.Bookmark("5")
        );

        Assert.Null(finding);
        Assert.Equal((Listing.Anew, null), Step(state, new Signal.Failure(new IOException("cut"))));
    }

    [Fact]
    public void A_signal_that_does_not_fit_changes_nothing()
    {
        Assert.Equal((new Watching("9"), null), Step(new Watching("9"), new Signal.Page(Some.Page(20))));
        Assert.Equal((Listing.Anew, null), Step(Listing.Anew, new Signal.Line(new WatchEvent<SecretMetadata>.Applied(first))));
    }

    private static (State State, CacheEvent<SecretMetadata>? Finding) Follow(params WatchEvent<SecretMetadata>[] lines)
    {
        (State State, CacheEvent<SecretMetadata>? Finding) now = (ListWatchState<SecretMetadata>.Streaming.Anew, null);
        foreach (var line in lines)
        {
            now = Step(now.State, new Signal.Line(line));
        }

        return now;
    }

    private static (State State, CacheEvent<SecretMetadata>? Finding) Step(State state, Signal signal) =>
        ListWatch<SecretMetadata>.Step(state, signal);
}
