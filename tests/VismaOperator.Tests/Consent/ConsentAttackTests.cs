using System.Net;
using System.Security.Cryptography;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Api;
using VismaOperator.Consent.Flow;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Consent;

/// <summary>What somebody may try who passes links and answers on.</summary>
public sealed class ConsentAttackTests
{
    [Fact]
    public async Task An_answer_works_once()
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();
        await scene.ComeBackAsync(back);

        var again = await scene.ComeBackAsync(back);

        Assert.Equal((404, "This link does not work"), (again.Status, again.Heading));
        Assert.Equal(1, scene.Test.TokenRequests);
        Assert.False((await scene.Test.FamilyAsync()).IsRevoked);
    }

    [Fact]
    public async Task Only_one_replica_redeems_an_answer_that_two_get_at_once()
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();

        var pages = await Task.WhenAll(scene.Browser.OpenAsync(scene.Replica, back), scene.Browser.OpenAsync(scene.OtherReplica, back));

        Assert.Equal([200, 404], pages.Select(page => page.Status).Order());
        Assert.Equal(1, scene.Test.TokenRequests);
        await scene.Test.UntilReadyAsync();
    }

    [Fact]
    public async Task An_answer_in_another_browser_is_refused_and_the_right_one_can_still_come_back()
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();

        var foreign = await scene.ComeBackAsync(back, scene.NewBrowser());

        Assert.Equal((403, "This consent was begun in another browser"), (foreign.Status, foreign.Heading));
        Assert.Equal(0, scene.Test.TokenRequests);
        Assert.Equal(200, (await scene.ComeBackAsync(back)).Status);
    }

    [Fact]
    public async Task A_victim_who_finishes_what_an_attacker_began_gives_nothing_even_with_a_cookie_of_her_own()
    {
        await using var scene = await ConsentScene.StartAsync();
        await scene.BeginAsync(); // the victim once began herself
        var attacker = scene.NewBrowser();
        var passedOn = await scene.BeginAsync(attacker);

        var page = await scene.ComeBackAsync(await scene.ApproveAsync(passedOn));

        Assert.Equal((403, "This consent was begun in another browser"), (page.Status, page.Heading));
        Assert.Equal(0, scene.Test.TokenRequests);
        Assert.Null((await scene.Test.GrantAsync())!.Held);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "https://evil.example.com")]
    [InlineData("Origin", "null")]
    public async Task A_form_of_another_site_begins_nothing(string header, string value)
    {
        await using var scene = await ConsentScene.StartAsync();
        var page = await scene.Browser.OpenAsync(scene.Replica, await scene.LinkAsync());

        var answer = await scene.Browser.PressAsync(scene.Replica, page, (header, value));

        Assert.Equal((403, "This was sent by another site"), (answer.Status, answer.Heading));
        Assert.Null(await scene.Test.GrantAsync());
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Origin", "https://operator.example.com")]
    public async Task A_form_of_our_own_begins_an_attempt(string header, string value)
    {
        await using var scene = await ConsentScene.StartAsync();
        var page = await scene.Browser.OpenAsync(scene.Replica, await scene.LinkAsync());

        Assert.Equal(303, (await scene.Browser.PressAsync(scene.Replica, page, (header, value))).Status);
    }

    [Fact]
    public async Task A_Secret_that_its_owner_did_not_label_is_read_out_neither_by_the_redirect_nor_by_the_page()
    {
        const string Precious = "the-password-of-the-database";
        await using var scene = await ConsentScene.StartAsync();
        await scene.Test.ApplyAsync(Some.Credentials(Precious, "database"));
        await scene.Test.ChangeClientAsync(
            """{"clientID": null, "clientIDFrom": {"secretKeyRef": {"name": "database", "key": "clientSecret"}}}"""
        );
        await scene.Test.UntilAsync<OAuthClient>(Some.Client, client => client.Condition("Stalled")?.Reason == "SecretNotLabelled");
        await scene.Replica.UntilCurrentAsync();

        var page = await scene.Browser.OpenAsync(scene.Replica, await scene.LinkAsync());

        Assert.Equal(409, page.Status);
        Assert.Null(page.Location);
        Assert.Contains(
            "kubectl label secret database -n integrations visma-operator.io/client-credentials=true",
            page.Words,
            StringComparison.Ordinal
        );
        Assert.All(scene.Browser.Visits, visit => Assert.DoesNotContain(Precious, visit.Text, StringComparison.Ordinal));
        Assert.DoesNotContain(scene.Test.Provider.Ledger.Requests, entry => entry.ToString().Contains(Precious, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_state_of_one_connection_is_good_for_no_other()
    {
        await using var scene = await ConsentScene.StartAsync();
        await scene.Test.ApplyAsync(InteractiveConnection("other"));
        await scene.Test.UntilIdleAsync();
        await scene.Replica.UntilCurrentAsync();
        var back = await scene.ConsentAsync();
        var others = await scene.BeginAsync(name: "other");

        // The random part of one with the name of the other.
        var (mine, theirs) = (StateOf(back), StateOf(others));
        var page = await scene.ComeBackAsync(
            new Uri(back.OriginalString.Replace(mine, $"{theirs.Split('.')[0]}.{mine.Split('.')[1]}", StringComparison.Ordinal))
        );

        Assert.Equal((404, "This link does not work"), (page.Status, page.Heading));
        Assert.Equal(0, scene.Test.TokenRequests);
    }

    [Fact]
    public async Task An_invented_state_costs_one_read_whether_or_not_the_connection_exists()
    {
        await using var scene = await ConsentScene.StartAsync();
        await scene.BeginAsync();
        await scene.Test.UntilIdleAsync();

        var (existing, asked) = await GuessAsync(scene, Some.Connection);
        var (missing, alsoAsked) = await GuessAsync(scene, "never-was");

        Assert.Equal((404, "This link does not work"), (existing.Status, existing.Heading));
        Assert.Equal(existing.Text, missing.Text);
        Assert.Equal([(ClusterVerb.Get, Secret.ResourceKind)], asked);
        Assert.Equal(asked, alsoAsked);
    }

    [Fact]
    public async Task A_stranger_does_not_learn_where_the_operator_may_read_nothing()
    {
        await using var scene = await ConsentScene.StartAsync();
        await scene.Test.UntilIdleAsync();
        scene.Test.Cluster.Before = (verb, kind, name) =>
            verb == ClusterVerb.Get
            && kind == Secret.ResourceKind
            && name.Name.EndsWith(AuthorizationSpec.GrantSecretSuffix, StringComparison.Ordinal)
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "secrets is forbidden")
                : Task.CompletedTask;

        var (page, _) = await GuessAsync(scene, Some.Connection);

        Assert.Equal((404, "This link does not work"), (page.Status, page.Heading));
        Assert.DoesNotContain("Forbidden", page.Text, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Brings an answer to a state that nobody was given, and says what the cluster was asked for it.</summary>
    private static async Task<(Visit Page, IReadOnlyList<(string Verb, ResourceKind Kind)> Asked)> GuessAsync(
        ConsentScene scene,
        string connection
    )
    {
        var state = ConsentState.New(new NamespacedName(Some.Namespace, connection), RandomNumberGenerator.GetBytes).Reveal();
        scene.Test.ForgetRequests();
        var page = await scene.ComeBackAsync(
            new Uri($"{ConsentScene.PublicUrl}/oauth2/callback?code=guessed&state={state}"),
            scene.NewBrowser()
        );
        return (page, [.. scene.Test.Requests.Select(request => (request.Verb, request.Kind))]);
    }

    private static string StateOf(Uri url) => System.Web.HttpUtility.ParseQueryString(url.Query)["state"]!;
}
