using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Clients;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Consent;

public sealed class ConsentWayTests
{
    [Fact]
    public async Task A_person_leads_a_connection_from_its_link_to_Ready_over_two_replicas()
    {
        await using var scene = await ConsentScene.StartAsync();

        var back = await scene.ConsentAsync();
        var done = await scene.ComeBackAsync(back);
        var connection = await scene.Test.UntilReadyAsync();

        Assert.Equal((200, "Your consent is stored"), (done.Status, done.Heading));
        Assert.Contains(PersonSubject, done.Words, StringComparison.Ordinal);
        Assert.Contains("23 November 2027", done.Words, StringComparison.Ordinal);
        Assert.StartsWith(ConsentScene.PublicUrl + "/oauth2/callback?", back.OriginalString, StringComparison.Ordinal);
        Assert.Equal(PersonSubject, connection.Status.Authorization!.GrantedBy);
        Assert.Null(connection.Status.Authorization.Url);
        Assert.Equal(1, scene.Test.TokenRequests);
        Assert.Empty((await scene.Test.GrantAsync())!.Attempts);
    }

    [Fact]
    public async Task The_first_page_says_what_the_consent_is_for_with_every_value_encoded()
    {
        await using var scene = await ConsentScene.StartAsync();
        await scene.Test.ChangeConnectionAsync("""{"displayName":"<b>Acme & Søn</b>"}""");
        await scene.Replica.UntilCurrentAsync();

        var page = await scene.Browser.OpenAsync(scene.Replica, await scene.LinkAsync());

        Assert.Equal((200, "Connect <b>Acme & Søn</b> to Visma?"), (page.Status, page.Heading));
        Assert.DoesNotContain("<b>", page.Text, StringComparison.Ordinal);
        Assert.All(
            [
                Some.Namespace,
                Some.Connection,
                Some.ClientId,
                Some.Tenant,
                scene.Test.Provider.Issuer.Authority,
                InteractiveScopes[0],
                "offline_access",
            ],
            word => Assert.Contains(word, page.Words, StringComparison.Ordinal)
        );
        Assert.Contains(
            $"form-action 'self' {scene.Test.Provider.Issuer.OriginalString} https://operator.example.com;",
            page.Header("Content-Security-Policy"),
            StringComparison.Ordinal
        );
        Assert.Equal("/visma/connect/integrations/acme-production", page.Action);
    }

    [Fact]
    public async Task A_replica_that_cannot_look_the_client_secret_up_says_so_after_a_moment()
    {
        await using var scene = await ConsentScene.StartAsync();
        var (link, asked, allAsked, known) = (
            await scene.LinkAsync(),
            0,
            new TaskCompletionSource(),
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
        );
        scene.Test.Cluster.Before = (verb, kind, _) =>
        {
            if (verb != ClusterVerb.List || kind != Secret.ResourceKind)
            {
                return Task.CompletedTask;
            }

            if (Interlocked.Increment(ref asked) == 3) // who leads and both replicas know the client by now, and none its secret
            {
                allAsked.SetResult();
            }

            return known.Task;
        };
        await scene.Test.ChangeClientAsync("""{"clientSecrets":[{"secretKeyRef":{"name":"another","key":"clientSecret"}}]}""");
        await allAsked.Task.WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);

        var opening = scene.Browser.OpenAsync(scene.Replica, link);
        var begun = scene.Test.Time.GetUtcNow();
        await scene.Test.PassUntilAsync(opening);

        Assert.Equal((503, "This does not work at the moment"), ((await opening).Status, (await opening).Heading));
        Assert.True(scene.Test.Time.GetUtcNow() - begun >= ClientResolver.Soon);
        known.SetResult();
    }

    [Fact]
    public async Task Looking_at_a_link_changes_nothing_in_the_cluster_and_sets_nothing_in_the_browser()
    {
        await using var scene = await ConsentScene.StartAsync();
        var version = scene.Test.Cluster.ResourceVersion;

        await scene.Browser.OpenAsync(scene.Replica, await scene.LinkAsync());
        var glance = await scene.Browser.SendAsync(scene.Replica, HttpMethod.Head, (await scene.LinkAsync()).PathAndQuery);

        Assert.Equal(200, glance.Status);
        Assert.Equal(version, scene.Test.Cluster.ResourceVersion);
        Assert.Empty(scene.Browser.Cookies);
        Assert.Null(await scene.Test.GrantAsync());
    }

    [Fact]
    public async Task The_browser_is_sent_with_all_that_binds_the_answer_and_only_hashes_are_stored()
    {
        await using var scene = await ConsentScene.StartAsync();

        var provider = await scene.BeginAsync();
        var attempt = Assert.Single((await scene.Test.GrantAsync())!.Attempts);

        var query = System.Web.HttpUtility.ParseQueryString(provider.Query);
        Assert.Equal(("code", "S256", Some.ClientId), (query["response_type"], query["code_challenge_method"], query["client_id"]));
        Assert.Equal(ConsentScene.PublicUrl + "/oauth2/callback", query["redirect_uri"]);
        Assert.Equal([.. InteractiveScopes, "offline_access"], query["scope"]!.Split(' '));
        Assert.Equal(scene.Test.Time.GetUtcNow().AddMinutes(10), attempt.ExpirationTime);
        Assert.NotEqual(query["state"], attempt.StateHash);
        Assert.DoesNotContain(attempt.CookieHash, scene.Browser.Cookies.Values);
    }

    [Theory]
    [InlineData("https://operator.example.com/visma", "__Host-visma-consent-", "; secure")]
    [InlineData("http://127.0.0.1:8081", "visma-consent-", "")]
    public async Task The_cookie_is_as_narrow_as_the_public_url_allows(string publicUrl, string prefix, string secure)
    {
        await using var scene = await ConsentScene.StartAsync(new Uri(publicUrl));

        await scene.BeginAsync();

        var cookie = scene.Browser.Visits[^1].Header("Set-Cookie")!;
        Assert.StartsWith(prefix, cookie, StringComparison.Ordinal);
        Assert.EndsWith($"; max-age=600; path=/{secure}; samesite=lax; httponly", cookie, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_whose_redirect_uri_leads_elsewhere_sends_nobody_there()
    {
        await using var scene = await ConsentScene.StartAsync();
        const string Elsewhere = "https://login.example.com/oauth2/callback";
        await scene.Test.ChangeClientAsync($$"""{"redirectURI":"{{Elsewhere}}"}""");
        await scene.Replica.UntilCurrentAsync();

        var page = await scene.Browser.OpenAsync(scene.Replica, await scene.LinkAsync());

        Assert.InRange(page.Status, 400, 499);
        Assert.Contains(Elsewhere, page.Words, StringComparison.Ordinal);
        Assert.Contains("spec.redirectURI", page.Words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_names_the_pages_own_redirect_uri_is_served()
    {
        await using var scene = await ConsentScene.StartAsync();
        await scene.Test.ChangeClientAsync(
            $$"""{"redirectURI":"{{ConsentScene.PublicUrl.OriginalString.TrimEnd('/')}}/oauth2/callback"}"""
        );
        await scene.Replica.UntilCurrentAsync();

        var done = await scene.ComeBackAsync(await scene.ConsentAsync());

        Assert.Equal(200, done.Status);
    }

    [Fact]
    public async Task A_person_can_consent_for_two_connections_in_two_tabs()
    {
        await using var scene = await ConsentScene.StartAsync();
        await scene.Test.ApplyAsync(InteractiveConnection("other"));
        await scene.Test.UntilIdleAsync();
        await scene.Replica.UntilCurrentAsync();

        var first = await scene.BeginAsync();
        var second = await scene.BeginAsync(name: "other");

        Assert.Equal(200, (await scene.ComeBackAsync(await scene.ApproveAsync(first))).Status);
        Assert.Equal(200, (await scene.ComeBackAsync(await scene.ApproveAsync(second))).Status);
        await scene.Test.UntilReadyAsync("other");
        await scene.Test.UntilReadyAsync();
    }

    [Fact]
    public async Task A_grant_that_the_cluster_does_not_take_is_said_to_come_and_comes()
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();
        var refused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Test.Cluster.Before = (verb, kind, _) =>
        {
            if (verb != ClusterVerb.Update || kind != Secret.ResourceKind || scene.Test.TokenRequests == 0)
            {
                return Task.CompletedTask;
            }

            refused.TrySetResult();
            throw new HttpRequestException("away");
        };

        var coming = scene.ComeBackAsync(back);
        await refused.Task.WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);
        await scene.Test.PassUntilAsync(coming);

        Assert.Equal((202, "Your consent is about to be stored"), ((await coming).Status, (await coming).Heading));
        scene.Test.Cluster.Before = null;
        await scene.Test.PassUntilAsync(scene.Test.UntilReadyAsync());
        Assert.Equal(1, scene.Test.TokenRequests);
    }
}
