using System.Net;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Grants;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Consent;

/// <summary>
/// Several people, or one who means no good, hold the same link. None of them can undo what another one began or finished.
/// </summary>
public sealed class SecondHolderTests
{
    [Fact]
    public async Task The_answer_of_who_pressed_the_button_first_still_counts_after_another_one_pressed_it()
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();
        await scene.BeginAsync(scene.NewBrowser());

        var page = await scene.ComeBackAsync(back);

        Assert.Equal((200, "Your consent is stored"), (page.Status, page.Heading));
        await scene.Test.UntilReadyAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_first_of_two_people_who_finish_counts_and_the_other_is_told(bool inOrder)
    {
        await using var scene = await ConsentScene.StartAsync();
        var other = scene.NewBrowser();
        var (mine, theirs) = (await scene.ConsentAsync(), await scene.ApproveAsync(await scene.BeginAsync(other), other));

        var first = inOrder ? await scene.ComeBackAsync(mine) : await scene.ComeBackAsync(theirs, other);
        var second = inOrder ? await scene.ComeBackAsync(theirs, other) : await scene.ComeBackAsync(mine);

        Assert.Equal(200, first.Status);
        Assert.Equal((409, "Another consent was stored first"), (second.Status, second.Heading));
        Assert.Equal(1, scene.Test.TokenRequests);
        Assert.False((await scene.Test.FamilyAsync()).IsRevoked);
        Assert.Empty((await scene.Test.GrantAsync())!.Attempts);
    }

    [Fact]
    public async Task A_denial_after_another_persons_consent_changes_nothing()
    {
        await using var scene = await ConsentScene.StartAsync();
        var other = scene.NewBrowser();
        var provider = await scene.BeginAsync();
        await scene.ComeBackAsync(await scene.ApproveAsync(await scene.BeginAsync(other), other), other);

        var page = await scene.ComeBackAsync(await scene.DenyAsync(provider));
        await scene.Test.UntilReadyAsync();

        Assert.Equal((409, "Another consent was stored first"), (page.Status, page.Heading));
        Assert.Null((await scene.Test.GrantAsync())!.LastFailure);
    }

    [Fact]
    public async Task A_code_that_is_refused_after_another_consent_was_stored_leaves_no_failure_beside_it()
    {
        var code = new LateCode();
        await using var scene = await ConsentScene.StartAsync(prepare: test =>
            test.Change = context => context with { Tokens = code.Before(context.Tokens) });
        var other = scene.NewBrowser();
        var (mine, theirs) = (await scene.ConsentAsync(), await scene.ApproveAsync(await scene.BeginAsync(other), other));
        Visit? stored = null;
        code.Meanwhile = async () => stored = await other.OpenAsync(scene.Replica, theirs);

        var page = await scene.ComeBackAsync(mine);
        await scene.Test.UntilReadyAsync();

        Assert.Equal(200, stored!.Status);
        Assert.Equal((409, "Another consent was stored first"), (page.Status, page.Heading));
        Assert.Null((await scene.Test.GrantAsync())!.LastFailure);
        Assert.Null((await scene.Test.ConnectionAsync()).Status.Authorization!.LastFailure);
    }

    [Fact]
    public async Task A_denial_does_not_stop_another_persons_consent()
    {
        await using var scene = await ConsentScene.StartAsync();
        var other = scene.NewBrowser();
        var theirs = await scene.ApproveAsync(await scene.BeginAsync(other), other);
        await scene.ComeBackAsync(await scene.DenyAsync(await scene.BeginAsync()));

        Assert.Equal(200, (await scene.ComeBackAsync(theirs, other)).Status);
        Assert.Null((await scene.Test.UntilReadyAsync()).Status.Authorization!.LastFailure);
    }

    [Fact]
    public async Task A_person_who_floods_the_button_is_rejected_and_locks_nobody_out()
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();

        var pressed = new List<Visit>();
        for (var press = 0; press < 2 * ConsentAttempt.MaxOpen; press++)
        {
            pressed.Add(await PressAsync(scene, scene.NewBrowser()));
        }

        Assert.Equal(ConsentAttempt.MaxOpen - 1, pressed.Count(visit => visit.Status == 303));
        Assert.All(
            pressed.Where(visit => visit.Status != 303),
            visit => Assert.Equal((409, "Too many consents are under way"), (visit.Status, visit.Heading))
        );
        Assert.Equal(200, (await scene.ComeBackAsync(back)).Status);
    }

    [Fact]
    public async Task A_place_is_free_again_once_an_attempt_has_expired()
    {
        await using var scene = await ConsentScene.StartAsync();
        for (var press = 0; press < ConsentAttempt.MaxOpen; press++)
        {
            await scene.BeginAsync(scene.NewBrowser());
        }

        Assert.Equal(409, (await PressAsync(scene, scene.Browser)).Status);
        await scene.Test.AdvanceAsync(TimeSpan.FromMinutes(10));

        Assert.Equal(200, (await scene.ComeBackAsync(await scene.ConsentAsync())).Status);
    }

    [Fact]
    public async Task One_browser_takes_two_places_at_most_however_often_its_person_presses()
    {
        await using var scene = await ConsentScene.StartAsync();
        for (var press = 0; press < 2 * ConsentAttempt.MaxOpen; press++)
        {
            await scene.BeginAsync();
        }

        Assert.Equal(2, (await scene.Test.GrantAsync())!.Attempts.Count);
        var other = scene.NewBrowser();
        Assert.Equal(200, (await scene.ComeBackAsync(await scene.ApproveAsync(await scene.BeginAsync(other), other), other)).Status);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_person_with_two_tabs_can_finish_in_either(int tab)
    {
        await using var scene = await ConsentScene.StartAsync();
        Uri[] tabs = [await scene.ConsentAsync(), await scene.ConsentAsync()];

        Assert.Equal(200, (await scene.ComeBackAsync(tabs[tab])).Status);
        Assert.Equal(
            (409, "Another consent was stored first"),
            (await scene.ComeBackAsync(tabs[1 - tab])) is var late ? (late.Status, late.Heading) : default
        );
    }

    [Fact]
    public async Task Two_people_who_press_the_button_at_once_on_two_replicas_can_both_finish()
    {
        await using var scene = await ConsentScene.StartAsync();
        var (link, other) = (await scene.LinkAsync(), scene.NewBrowser());
        Visit[] pages = [await scene.Browser.OpenAsync(scene.Replica, link), await other.OpenAsync(scene.OtherReplica, link)];

        var begun = await Task.WhenAll(scene.Browser.PressAsync(scene.Replica, pages[0]), other.PressAsync(scene.OtherReplica, pages[1]));

        Assert.Equal([303, 303], begun.Select(visit => visit.Status));
        Assert.Equal(2, (await scene.Test.GrantAsync())!.Attempts.Count);
    }

    [Fact]
    public async Task A_code_that_connect_handed_over_meanwhile_counts_as_the_first()
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();
        await scene.Test.HandOverAsync();
        await scene.Test.UntilReadyAsync();

        var page = await scene.ComeBackAsync(back);

        Assert.Equal((409, "Another consent was stored first"), (page.Status, page.Heading));
        Assert.False((await scene.Test.FamilyAsync()).IsRevoked);
    }

    [Fact]
    public async Task A_consent_can_be_given_again_beside_others_that_are_under_way()
    {
        await using var scene = await ConsentScene.StartAsync();
        await scene.ComeBackAsync(await scene.ConsentAsync());
        await scene.Test.UntilReadyAsync();
        var former = await scene.Test.FamilyAsync();
        await scene.Test.ChangeConnectionAsync("""{"authorization":{"consentLifetime":"1h"}}"""); // it ends soon: there is a link again
        await scene.Test.UntilAsync<VismaConnection>(Some.Connection, found => found.Status.Authorization?.Url is not null);
        await scene.Replica.UntilCurrentAsync();
        var back = await scene.ConsentAsync();
        await scene.BeginAsync(scene.NewBrowser());

        Assert.Equal(200, (await scene.ComeBackAsync(back)).Status);
        await scene.Test.UntilIdleAsync();
        Assert.True(scene.Test.Provider.Grants.Families.Single(family => family.Id == former.Id).IsRevoked);
        Assert.False((await scene.Test.FamilyAsync()).IsRevoked);
    }

    private static async Task<Visit> PressAsync(ConsentScene scene, ConsentBrowser browser) =>
        await browser.PressAsync(scene.Replica, await browser.OpenAsync(scene.Replica, await scene.LinkAsync()));

    /// <summary>The first code is refused, and only once something else has happened.</summary>
    private sealed class LateCode
    {
        public Func<Task>? Meanwhile { get; set; }

        public ITokenEndpoint Before(ITokenEndpoint real) => new Tokens(this, real);

        private sealed class Tokens(LateCode code, ITokenEndpoint real) : ITokenEndpoint
        {
            public async Task<TokenOutcome> RequestAsync(
                Uri endpoint,
                ClientCredentials client,
                TokenRequest request,
                CancellationToken cancellationToken
            )
            {
                if (request is not TokenRequest.AuthorizationCodeGrant || code.Meanwhile is not { } meanwhile)
                {
                    return await real.RequestAsync(endpoint, client, request, cancellationToken);
                }

                code.Meanwhile = null;
                await meanwhile();
                return new TokenOutcome.Refused("invalid_grant", Description: null, HttpStatusCode.BadRequest, RetryAfter: null);
            }
        }
    }
}
