using System.Web;
using Kubernetes.Client.Resources;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Consent;

public sealed class ConsentFailureTests
{
    [Fact]
    public async Task A_denied_consent_is_shown_to_the_person_and_in_status_and_the_link_keeps_working()
    {
        await using var scene = await ConsentScene.StartAsync();

        var page = await scene.ComeBackAsync(await scene.DenyAsync(await scene.BeginAsync()));
        var connection = await scene.Test.UntilAsync<VismaConnection>(
            Some.Connection,
            found => found.Condition("Authorized")?.Reason == "ConsentDenied"
        );

        Assert.Equal((403, "The consent was refused"), (page.Status, page.Heading));
        Assert.Contains("access_denied", connection.Condition("Authorized")!.Message, StringComparison.Ordinal);
        Assert.Equal(0, scene.Test.TokenRequests);
        Assert.Equal("ConsentDenied", connection.Status.Authorization!.LastFailure!.Reason);
        Assert.Equal(200, (await scene.ComeBackAsync(await scene.ConsentAsync())).Status);
        await scene.Test.UntilReadyAsync();
    }

    [Fact]
    public async Task Status_no_longer_tells_of_a_consent_that_failed_once_another_has_begun()
    {
        await using var scene = await ConsentScene.StartAsync();
        await scene.ComeBackAsync(await scene.DenyAsync(await scene.BeginAsync()));
        await scene.Test.UntilAsync<VismaConnection>(Some.Connection, found => found.Status.Authorization?.LastFailure is not null);

        await scene.BeginAsync();

        var connection = await scene.Test.UntilAsync<VismaConnection>(
            Some.Connection,
            found => found.Status.Authorization?.LastFailure is null
        );
        Assert.Equal("AwaitingConsent", connection.Condition("Authorized")!.Reason);
    }

    [Fact]
    public async Task An_error_of_the_provider_is_reported_with_its_remedy()
    {
        await using var scene = await ConsentScene.StartAsync();
        var provider = await scene.BeginAsync();
        var client = scene.Test.Provider.Portal.FindClient(Some.ClientId)!;
        scene.Test.Provider.Portal.Set(client with { AllowedScopes = ErpScopes.Service });

        var page = await scene.ComeBackAsync(await scene.ApproveAsync(provider));

        Assert.Equal((502, "The provider did not give access"), (page.Status, page.Heading));
        Assert.Contains("invalid_scope", page.Words, StringComparison.Ordinal);
        await scene.Test.UntilAsync<VismaConnection>(Some.Connection, found => found.Condition("Authorized")?.Reason == "ConsentFailed");
    }

    [Fact]
    public async Task Nobody_is_sent_to_the_provider_while_the_client_is_refused()
    {
        await using var scene = await ConsentScene.StartAsync();
        var (test, portal) = (scene.Test, scene.Test.Provider.Portal);
        portal.Set(portal.FindClient(Some.ClientId)! with { Secrets = [new StandInSecret("made-in-the-portal")] });
        await test.ApplyAsync(Some.VismaConnection("service"));
        await test.UntilAsync<VismaConnection>("service", found => found.Condition("Stalled")?.Reason == "ClientRefused");
        await test.UntilAsync<OAuthClient>(Some.Client, found => found.Status.Refusal is not null);
        await test.UntilIdleAsync();

        var opened = await scene.Browser.OpenAsync(scene.Replica, await scene.LinkAsync());
        await test.AdvanceAsync(TimeSpan.FromSeconds(61));
        portal.Set(portal.FindClient(Some.ClientId)! with { Secrets = [new StandInSecret(Some.ClientSecret)] });
        await test.AdvanceAsync(TimeSpan.FromSeconds(121));

        Assert.Equal(409, opened.Status);
        Assert.Contains("The provider refused with invalid_client", opened.Words, StringComparison.Ordinal);
        Assert.Equal(200, (await scene.ComeBackAsync(await scene.ConsentAsync())).Status);
    }

    [Fact]
    public async Task An_application_without_offline_access_is_named_as_what_it_is()
    {
        await using var scene = await ConsentScene.StartAsync();
        var provider = await scene.BeginAsync();
        scene.Test.Provider.Portal.Set(scene.Test.Provider.Portal.FindClient(Some.ClientId)! with { AllowOfflineAccess = false });

        var page = await scene.ComeBackAsync(await scene.ApproveAsync(provider));

        Assert.Contains("offline_access] does not exist or is not granted", page.Words, StringComparison.Ordinal);
        Assert.Contains("it has offline access there", page.Words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_consent_for_another_company_is_not_stored_and_handed_back()
    {
        await using var scene = await ConsentScene.StartAsync();
        scene.Test.Provider.Portal.Set(scene.Test.Provider.Portal.FindClient(Some.ClientId)! with { ComparesTenants = false });

        var page = await scene.ComeBackAsync(await scene.ConsentAsync(Some.OtherTenant));

        Assert.Equal((409, "This consent is not for the right company"), (page.Status, page.Heading));
        Assert.Contains(Some.OtherTenant, page.Words, StringComparison.Ordinal);
        Assert.Contains("choose the right company", page.Words, StringComparison.Ordinal);
        Assert.Contains("What the provider gave was handed back.", page.Words, StringComparison.Ordinal);
        Assert.Null((await scene.Test.GrantAsync())!.Held);
        Assert.All(scene.Test.Provider.Grants.Families, family => Assert.True(family.IsRevoked));
    }

    [Fact]
    public async Task A_consent_that_cannot_be_handed_back_is_not_said_to_be()
    {
        await using var scene = await ConsentScene.StartAsync();
        scene.Test.Provider.Portal.Set(scene.Test.Provider.Portal.FindClient(Some.ClientId)! with { ComparesTenants = false });
        scene.Test.Provider.Faults.Always(Fault.ServerError(), StandInEndpoint.Revocation);

        var page = await scene.ComeBackAsync(await scene.ConsentAsync(Some.OtherTenant));

        Assert.Equal((409, "This consent is not for the right company"), (page.Status, page.Heading));
        Assert.Contains("What the provider gave could not be handed back", page.Words, StringComparison.Ordinal);
        Assert.DoesNotContain("was handed back", page.Words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_names_no_company_is_not_stored()
    {
        await using var scene = await ConsentScene.StartAsync();
        scene.Test.Provider.Portal.Set(scene.Test.Provider.Portal.FindClient(Some.ClientId)! with { HasTenantClaim = false });

        var page = await scene.ComeBackAsync(await scene.ConsentAsync());

        Assert.Equal((409, "This consent is not for the right company"), (page.Status, page.Heading));
        Assert.Contains("does not say which tenant", page.Words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_expired_link_is_explained_to_its_holder()
    {
        await using var scene = await ConsentScene.StartAsync();
        var link = await scene.LinkAsync();
        await scene.Test.StopAsync(); // nobody makes a new one
        scene.Test.Time.Advance(TimeSpan.FromHours(25));

        var page = await scene.Browser.OpenAsync(scene.Replica, link);

        Assert.Equal((410, "This link has expired"), (page.Status, page.Heading));
    }

    [Fact]
    public async Task An_answer_after_ten_minutes_is_too_late()
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();
        await scene.Test.AdvanceAsync(TimeSpan.FromMinutes(10));

        var page = await scene.ComeBackAsync(back);

        Assert.Equal((410, "That took too long"), (page.Status, page.Heading));
        Assert.Equal(0, scene.Test.TokenRequests);
    }

    [Fact]
    public async Task An_unknown_link_and_a_guessed_one_get_the_same_answer()
    {
        await using var scene = await ConsentScene.StartAsync();
        await scene.Test.ApplyAsync(Some.VismaConnection("by-itself"));
        await scene.Test.UntilIdleAsync();
        var link = await scene.LinkAsync();
        var guess = new string('A', 43);

        Visit[] pages =
        [
            await scene.Browser.OpenAsync(scene.Replica, new Uri($"{link.GetLeftPart(UriPartial.Path)}?start={guess}")),
            await scene.Browser.OpenAsync(scene.Replica, new Uri(link.GetLeftPart(UriPartial.Path))),
            await scene.Browser.OpenAsync(scene.Replica, new Uri($"{link}&start={guess}")),
            await scene.Browser.OpenAsync(scene.Replica, new Uri($"{ConsentScene.PublicUrl}/connect/integrations/nothing?start={guess}")),
            await scene.Browser.OpenAsync(scene.Replica, new Uri($"{ConsentScene.PublicUrl}/connect/nowhere/nothing?start={guess}")),
            await scene.Browser.OpenAsync(scene.Replica, new Uri($"{ConsentScene.PublicUrl}/connect/integrations/by-itself?start={guess}")),
        ];

        Assert.All(pages, page => Assert.Equal((404, pages[0].Text), (page.Status, page.Text)));
        Assert.Equal("This link does not work", pages[0].Heading);
    }

    [Theory]
    [InlineData("iss", "https://other.example.com")]
    [InlineData("iss", null)] // the provider says of itself that it always names itself
    public async Task An_answer_of_another_provider_is_not_redeemed(string name, string? value)
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();

        var page = await scene.ComeBackAsync(With(back, name, value));

        Assert.Equal((403, "This is the answer of another provider"), (page.Status, page.Heading));
        Assert.Equal(0, scene.Test.TokenRequests);
        Assert.Equal(200, (await scene.ComeBackAsync(back)).Status); // nothing was spoilt
    }

    [Fact]
    public async Task An_answer_without_the_name_that_was_promised_is_not_redeemed_when_nobody_can_ask_the_provider_any_more()
    {
        await using var scene = await ConsentScene.StartAsync();
        await DeclareEndpointsAsync(scene);
        var back = await scene.ConsentAsync();
        scene.Test.Provider.Faults.Always(Fault.ServerError(), StandInEndpoint.Metadata);

        var page = await scene.ComeBackAsync(With(back, "iss", null)); // to a replica that has not asked before

        Assert.Equal((403, "This is the answer of another provider"), (page.Status, page.Heading));
        Assert.Contains("iss is missing", page.Words, StringComparison.Ordinal);
        Assert.Equal(0, scene.Test.TokenRequests);
        Assert.Equal(200, (await scene.ComeBackAsync(back)).Status);
    }

    [Fact]
    public async Task An_attempt_of_a_version_that_did_not_remember_the_promise_is_held_to_it()
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();
        await scene.Test.PatchAsync<Secret>(Some.Connection + "-visma-grant", """{"data":{"attempt_names_issuer":null}}""");

        Assert.Equal(403, (await scene.ComeBackAsync(With(back, "iss", null))).Status);
        Assert.Equal(200, (await scene.ComeBackAsync(back)).Status);
    }

    [Fact]
    public async Task An_answer_without_a_name_is_redeemed_where_the_metadata_promise_none()
    {
        await using var scene = await ConsentScene.StartAsync();
        var provider = scene.Test.Provider;
        var metadata =
            $$"""{"issuer":"{{provider.Issuer.OriginalString}}","authorization_endpoint":"{{provider.AuthorizationEndpoint}}","token_endpoint":"{{provider.TokenEndpoint}}"}""";
        provider.Faults.Always(
            new Fault.Answer(200, metadata, "application/json", new Dictionary<string, string>()),
            StandInEndpoint.Metadata
        );

        Assert.Equal(200, (await scene.ComeBackAsync(With(await scene.ConsentAsync(), "iss", null))).Status);
    }

    [Fact]
    public async Task An_answer_without_a_name_is_redeemed_where_there_are_no_metadata_to_promise_one()
    {
        await using var scene = await ConsentScene.StartAsync();
        await DeclareEndpointsAsync(scene);
        scene.Test.Provider.Faults.Always(Fault.ServerError(404), StandInEndpoint.Metadata);

        Assert.Equal(200, (await scene.ComeBackAsync(With(await scene.ConsentAsync(), "iss", null))).Status);
    }

    [Theory]
    [InlineData("state", null)]
    [InlineData("code", null)]
    [InlineData("error", "access_denied")]
    public async Task An_answer_that_is_none_is_said_to_be(string name, string? value)
    {
        await using var scene = await ConsentScene.StartAsync();

        var page = await scene.ComeBackAsync(With(await scene.ConsentAsync(), name, value));

        Assert.Equal((400, "This is not an answer of the provider"), (page.Status, page.Heading));
        Assert.Single((await scene.Test.GrantAsync())!.Attempts);
    }

    [Fact]
    public async Task A_suspended_connection_takes_no_consent_at_either_end()
    {
        await using var scene = await ConsentScene.StartAsync();
        var (link, back) = (await scene.LinkAsync(), await scene.ConsentAsync());
        await scene.Test.ChangeConnectionAsync("""{"suspend":true}""");
        await scene.Replica.UntilCurrentAsync();

        Visit[] pages = [await scene.Browser.OpenAsync(scene.Replica, link), await scene.ComeBackAsync(back)];

        Assert.All(pages, page => Assert.Equal((409, "A consent is not possible now"), (page.Status, page.Heading)));
        Assert.All(pages, page => Assert.Contains("suspended", page.Words, StringComparison.Ordinal));
        Assert.Equal(0, scene.Test.TokenRequests);
    }

    [Fact]
    public async Task A_client_that_was_withdrawn_meanwhile_is_not_used()
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();
        await scene.Test.ChangeClientAsync($$"""{"tenants":[{"tenantID":"{{Some.OtherTenant}}"}]}""");
        await scene.OtherReplica.UntilCurrentAsync();

        var page = await scene.ComeBackAsync(back);

        Assert.Equal((409, "A consent is not possible now"), (page.Status, page.Heading));
        Assert.Contains("does not serve tenant", page.Words, StringComparison.Ordinal);
        Assert.Equal(0, scene.Test.TokenRequests);
    }

    [Fact]
    public async Task A_connection_that_asks_for_something_else_meanwhile_does_not_take_what_was_given()
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();
        await scene.Test.ChangeConnectionAsync(
            """{"scopes":["vismanet_erp_interactive_api:read","vismanet_erp_interactive_api:delete"]}"""
        );

        var page = await scene.ComeBackAsync(back);

        Assert.Equal((409, "The connection was changed meanwhile"), (page.Status, page.Heading));
        Assert.Equal(0, scene.Test.TokenRequests);
    }

    [Fact]
    public async Task A_deleted_connection_takes_nothing()
    {
        await using var scene = await ConsentScene.StartAsync();
        var (link, back) = (await scene.LinkAsync(), await scene.ConsentAsync());
        await scene.Test.DeleteAsync<VismaConnection>(Some.Connection);
        await scene.Replica.UntilCurrentAsync();

        Assert.Equal(404, (await scene.Browser.OpenAsync(scene.Replica, link)).Status);
        Assert.Equal(404, (await scene.ComeBackAsync(back)).Status);
        Assert.Equal(0, scene.Test.TokenRequests);
    }

    // So that nothing but the promise needs the provider's metadata.
    private static async Task DeclareEndpointsAsync(ConsentScene scene)
    {
        var provider = scene.Test.Provider;
        await scene.Test.ChangeClientAsync(
            $$"""{"endpoints":{"authorization":"{{provider.AuthorizationEndpoint}}","token":"{{provider.TokenEndpoint}}"} }"""
        );
        await scene.Test.UntilIdleAsync();
        await scene.Replica.UntilCurrentAsync();
        await scene.OtherReplica.UntilCurrentAsync();
    }

    private static Uri With(Uri url, string name, string? value)
    {
        var query = HttpUtility.ParseQueryString(url.Query);
        query.Remove(name);
        if (value is not null)
        {
            query[name] = value;
        }

        return new Uri($"{url.GetLeftPart(UriPartial.Path)}?{query}");
    }
}
