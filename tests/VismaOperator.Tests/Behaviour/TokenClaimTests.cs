using Kubernetes.Client.Resources;
using Lifecycle;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Behaviour;

/// <summary>A fresh token that says of itself that it reaches further than the answer states is judged by what it says.</summary>
public sealed class TokenClaimTests
{
    private const string TokenSecret = "acme-production-token";
    private const string Read = "vismanet_erp_service_api:read";
    private const string Create = "vismanet_erp_service_api:create";
    private const string Delete = "vismanet_erp_service_api:delete";
    private const string PersonsCreate = "vismanet_erp_interactive_api:create";

    [Theory]
    [InlineData(true, new[] { Read, Create, Delete })]
    [InlineData(false, new[] { Read, Create, Delete })]
    [InlineData(true, new[] { $"{Read} {Create} {Delete}" })]
    [InlineData(false, new[] { Delete })]
    public async Task A_token_whose_claim_exceeds_the_owners_limit_is_not_published(bool statesScopes, string[] claimed)
    {
        await using var test = await StartAsync(limit: [Read, Create], statesScopes, claimed);

        var connection = await test.UntilStalledAsync("ScopesExceeded");

        Assert.Contains($": {Delete}. ", connection.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Null(connection.Status.Token);
        Assert.Empty(test.Record.Of<Secret>(TokenSecret));
    }

    [Theory]
    [InlineData(true, new[] { Read, Create })]
    [InlineData(false, new[] { Create, Read })]
    [InlineData(true, new[] { Read })]
    [InlineData(false, new[] { "" })]
    public async Task A_token_whose_claim_keeps_within_what_was_asked_for_is_published_as_the_answer_says(
        bool statesScopes,
        string[] claimed
    )
    {
        await using var test = await StartAsync(limit: [Read, Create], statesScopes, claimed);

        Assert.Equal("AllGranted", (await test.UntilReadyAsync()).Condition("ScopesGranted")!.Reason);
    }

    [Fact]
    public async Task More_scopes_in_the_claim_are_reported_without_a_limit_and_a_later_limit_withdraws_the_token()
    {
        await using var test = await StartAsync(limit: null, statesScopes: true, [Read, Create, Delete]);
        var before = await test.UntilReadyAsync();

        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.Tenant}}", "scopes": ["{{Read}}", "{{Create}}"]}]}""");
        await test.UntilStalledAsync("ScopesExceeded");
        await test.UntilIdleAsync();
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));

        var told = Assert.Single(test.EventsAbout(Some.Client), happened => happened.Reason == "SecretsRemoved").Note!;
        Assert.Contains("more scopes than spec.tenants allows", told, StringComparison.Ordinal);
        Assert.DoesNotContain("allowedNamespaces", told, StringComparison.Ordinal);
        Assert.Equal("ScopesExceeded", before.Condition("ScopesGranted")!.Reason);
        Assert.Equal([Read, Create, Delete], before.Status.Token!.GrantedScopes);
        Assert.Null(await test.FindAsync<Secret>(TokenSecret));
    }

    [Fact]
    public async Task A_connection_whose_token_a_later_limit_takes_away_says_so_as_long_as_it_lasts()
    {
        await using var test = await StartAsync(limit: null, statesScopes: true, [Read, Create, Delete]);
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();
        var removed = $"The Secret with the token was removed at {InstantText.Of(test.Time.GetUtcNow())}, because ";

        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.Tenant}}", "scopes": ["{{Read}}", "{{Create}}"]}]}""");
        await test.UntilStalledAsync("ScopesExceeded");
        await test.UntilIdleAsync();
        var first = await test.ConnectionAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(30));
        await test.StopAsync();
        test.Provider.Faults.Always(Fault.ServerError(503));
        test.Start();
        await test.AdvanceAsync(TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(30));
        var down = await test.ConnectionAsync();
        test.Provider.Faults.Clear();
        await test.ChangeClientAsync("""{"tenants": null}""");
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();

        Assert.StartsWith($"{removed}the token had more scopes", first.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Contains("ask the client's owner to allow them", first.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Equal(first.Condition("Stalled")!.Message, first.Condition("Ready")!.Message);
        Assert.StartsWith(removed, down.Condition("Ready")!.Message, StringComparison.Ordinal);
        Assert.Equal("ProviderUnavailable", down.Condition("Ready")!.Reason);
        Assert.DoesNotContain("removed", (await test.ConnectionAsync()).Condition("Ready")!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_of_another_tenant_is_not_published()
    {
        await using var test = await StartAsync(limit: null, statesScopes: true, claimed: null, Some.OtherTenant);

        var connection = await test.UntilStalledAsync("TenantMismatch");

        Assert.Contains(Some.OtherTenant, connection.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("onsent", connection.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Empty(test.Record.Of<Secret>(TokenSecret));
    }

    [Fact]
    public async Task A_tenant_is_the_same_one_however_its_identifier_is_written()
    {
        await using var test = await StartAsync(
            limit: null,
            statesScopes: true,
            claimed: null,
            Guid.Parse(Some.Tenant).ToString("N").ToUpperInvariant()
        );

        Assert.True((await test.UntilReadyAsync()).Is("Ready", "True"));
    }

    [Fact]
    public async Task A_token_without_the_tenant_claim_is_published_since_the_request_named_the_tenant()
    {
        await using var test = await TestOperator.StartReadyAsync(prepared =>
            Set(prepared, client => client with { HasTenantClaim = false })
        );

        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Fact]
    public async Task An_exchange_whose_token_claims_more_than_the_owners_limit_publishes_nothing()
    {
        await using var test = await StartConsentedAsync(new VismaConnect.StandIn.StandInRefreshTokens());
        await test.ChangeClientAsync(
            $$"""{"tenants": [{"tenantID": "{{Some.Tenant}}", "scopes": ["vismanet_erp_interactive_api:read"]}]}"""
        );
        await test.UntilIdleAsync();
        var before = (await test.TokenSecretAsync()).Text("access_token");
        Set(test, client => client with { ClaimedScopes = ["vismanet_erp_interactive_api:read", PersonsCreate, "offline_access"] });

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.UntilStalledAsync("ScopesExceeded");
        await test.UntilIdleAsync();

        Assert.Equal(before, (await test.TokenSecretAsync()).Text("access_token"));
    }

    private static async Task<TestOperator> StartAsync(string[]? limit, bool statesScopes, string[]? claimed, string? tenant = null)
    {
        var test = await TestOperator.StartAsync(prepared => Set(
            prepared, client => client with { StatesScopes = statesScopes, ClaimedScopes = claimed, ClaimedTenant = tenant }));
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(limit is null
            ? test.Client()
            : test.Client().With(spec => spec with { Tenants = [new TenantRule { TenantId = Some.Tenant, Scopes = limit }] }));
        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilIdleAsync();
        return test;
    }

    private static void Set(TestOperator test, Func<VismaConnect.StandIn.StandInClient, VismaConnect.StandIn.StandInClient> change) =>
        test.Provider.Portal.Set(change(test.Provider.Portal.FindClient(Some.ClientId)!));
}
