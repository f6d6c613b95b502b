using Kubernetes.Client.Resources;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>Whatever is wrong, a message names the object, the cause and the remedy, is told once, and goes away with its cause.</summary>
public sealed class FailureMessageTests
{
    private const string TypedWrong = "copied-without-its-last-character";

    [Fact]
    public async Task A_wrong_client_secret()
    {
        await using var test = await WithAsync(credentials: Some.Credentials(TypedWrong));

        await ShowsAsync(
            test,
            "ClientRefused",
            "invalid_client",
            "integrations/acme",
            "wrong or has expired",
            "make a new secret in the Visma developer portal"
        );
        await ClientShowsAsync(test, "ClientRefused", "make a new secret");
        await test.PutSecretAsync(Some.ClientSecret);

        await HealsAsync(test);
    }

    [Fact]
    public async Task The_description_of_a_refused_client_stays_and_is_reported_once()
    {
        const string Said = "The client secret expired on 2026-11-01.";
        await using var test = await TestOperator.StartAsync();
        test.Provider.Faults.Always(
            new Fault.Answer(
                401,
                $$"""{"error": "invalid_client", "error_description": "{{Said}}"}""",
                "application/json",
                new Dictionary<string, string>()
            )
        );
        await ApplyAsync(test);
        await test.UntilStalledAsync("ClientRefused");
        await test.UntilIdleAsync();

        await ShowsAsync(test, "ClientRefused", Said);
        await ClientShowsAsync(test, "ClientRefused", Said);
        Assert.Single(test.Record.Of<VismaConnection>(Some.Connection), state => state.Condition("Stalled") is not null);

        await test.StopAsync();
        test.ForgetRequests();
        test.Start();
        await test.UntilIdleAsync();

        await ShowsAsync(test, "ClientRefused", Said);
        Assert.Equal(0, test.StatusWrites(Some.Connection));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task An_unknown_scope()
    {
        await using var test = await WithAsync(
            connection: Some.VismaConnection().With(spec => spec with { Scopes = ["vismanet_erp_service_api:fly"] })
        );

        await ShowsAsync(test, "ScopeRefused", "invalid_scope", "[vismanet_erp_service_api:fly]", "Check spec.scopes", "developer portal");
        await test.ChangeConnectionAsync("""{"scopes": ["vismanet_erp_service_api:read"]}""");

        await HealsAsync(test);
    }

    [Fact]
    public async Task A_tenant_that_has_not_approved_the_application()
    {
        await using var test = await WithAsync(
            connection: Some.VismaConnection().With(spec => spec with { TenantId = Some.UnapprovedTenant })
        );

        await ShowsAsync(
            test,
            "TenantRefused",
            "invalid_tenant",
            Some.UnapprovedTenant,
            "has not approved",
            "Integration Administrator",
            "spec.tenantID"
        );
        await test.ChangeConnectionAsync($$"""{"tenantID": "{{Some.Tenant}}"}""");

        await HealsAsync(test);
    }

    [Fact]
    public async Task A_tenant_that_approves_later_needs_no_change_here()
    {
        await using var test = await WithAsync(
            connection: Some.VismaConnection().With(spec => spec with { TenantId = Some.UnapprovedTenant })
        );
        await test.UntilStalledAsync("TenantRefused");
        test.Provider.Portal.Set(new StandInTenant(Some.UnapprovedTenant));

        await test.AdvanceAsync(TimeSpan.FromSeconds(61));

        await HealsAsync(test);
        Assert.Equal(2, test.TokenRequests);
    }

    [Fact]
    public async Task An_application_without_the_grant()
    {
        await using var test = await TestOperator.StartAsync();
        test.Provider.Portal.Set(test.Provider.Portal.FindClient(Some.ClientId)! with { AllowedGrants = ["authorization_code"] });
        await ApplyAsync(test);

        await ShowsAsync(test, "GrantTypeRefused", "unauthorized_client", "integrations/acme", "Enable the grant type");
        test.Provider.Portal.Set(test.Provider.Portal.FindClient(Some.ClientId)! with { AllowedGrants = ["client_credentials"] });
        await test.AdvanceAsync(TimeSpan.FromSeconds(61));

        await HealsAsync(test);
    }

    [Fact]
    public async Task A_missing_Secret_is_no_fault_for_a_minute()
    {
        await using var test = await TestOperator.StartAsync();
        await ApplyAsync(test, credentials: null);

        await test.UntilAsync<VismaConnection>(
            Some.Connection,
            connection => connection.Condition("Reconciling")?.Reason == "SecretNotFound"
        );
        await test.UntilAsync<OAuthClient>(Some.Client, client => client.Is("Reconciling", "True"));
        await test.AdvanceAsync(TimeSpan.FromSeconds(59));
        Assert.Null((await test.ConnectionAsync()).Condition("Stalled"));
        await test.AdvanceAsync(TimeSpan.FromSeconds(2));

        await ShowsAsync(
            test,
            "SecretNotFound",
            "Secret integrations/acme-credentials",
            "OAuthClient integrations/acme",
            "does not exist",
            "Create it with the key clientSecret"
        );
        await ClientShowsAsync(test, "SecretNotFound", "Create it with the key clientSecret");
        await test.ApplyAsync(Some.Credentials());
        await HealsAsync(test);
    }

    [Fact]
    public async Task A_missing_key()
    {
        await using var test = await WithAsync(
            credentials: Some.Credentials() with
            {
                Data = new Dictionary<string, SecretValue> { ["secret"] = SecretValue.FromText(Some.ClientSecret) },
            }
        );

        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is("Reconciling", "True"));
        await test.AdvanceAsync(TimeSpan.FromSeconds(61));

        await ShowsAsync(
            test,
            "SecretKeyNotFound",
            "Secret integrations/acme-credentials",
            "no value under the key clientSecret",
            "OAuthClient integrations/acme",
            "Add it"
        );
        await test.PutSecretAsync(Some.ClientSecret);
        await HealsAsync(test);
    }

    [Fact]
    public async Task A_tenant_that_is_no_GUID()
    {
        await using var test = await WithAsync(connection: Some.VismaConnection().With(spec => spec with { TenantId = "acme" }));

        await ShowsAsync(test, "InvalidSpec", "spec.tenantID", "must be a GUID", "copy it from Visma Admin");
        await test.ChangeConnectionAsync($$"""{"tenantID": "{{Some.Tenant}}"}""");

        await HealsAsync(test);
    }

    // In a cluster the definitions refuse it; local mode has no API server that knows them.
    [Theory]
    [InlineData(248, "ClientCredentials", "spec.secret.name", "longer than 253 characters: set spec.secret.name")]
    [InlineData(242, "AuthorizationCode", "metadata.name", "must not be longer than 239 characters")]
    public async Task A_name_that_is_too_long_for_what_is_made_of_it(int length, string grant, params string[] words)
    {
        var name = new string('a', length);
        var connection = grant == "ClientCredentials" ? Some.VismaConnection(name) : SomeConsents.InteractiveConnection(name);
        await using var test = await WithAsync(connection: connection);

        var stalled = await test.UntilStalledAsync("InvalidSpec", name);

        Says(stalled.Condition("Stalled")!.Message, words);
        Assert.Equal(0, test.TokenRequests);
    }

    [Fact]
    public async Task An_issuer_over_http()
    {
        await using var test = await TestOperator.StartAsync(test => test.AllowLists = test.AllowLists with
        {
            AllowedIssuers = ["https://127.0.0.1:1", .. test.AllowLists.AllowedIssuers],
            AllowInsecureIssuers = false,
        });
        await ApplyAsync(test);

        await ShowsAsync(test, "InsecureUrl", "OAuthClient integrations/acme", "spec.issuer", "unencrypted over http", "use https");
        await ClientShowsAsync(test, "InsecureUrl", "use https");
        await test.ChangeClientAsync("""{"issuer": "https://127.0.0.1:1"}""");

        await test.UntilAsync<VismaConnection>(
            Some.Connection,
            connection => connection.Condition("Stalled") is null && connection.Condition("Ready")!.Reason != "InsecureUrl"
        );
        Assert.Equal(0, test.TokenRequests);
    }

    [Fact]
    public async Task An_issuer_whose_dot_is_no_dot()
    {
        await using var test = await TestOperator.StartAsync();
        await ApplyAsync(test, client: test.Client().With(spec => spec with { Issuer = "https://connect.visma\u2024com" }));

        await ShowsAsync(test, "InvalidSpec", "OAuthClient integrations/acme", "spec.issuer", "U+2024", "type the URL by hand");
        await ClientShowsAsync(test, "InvalidSpec", "U+2024");
        await test.ChangeClientAsync($$"""{"issuer": "{{test.Provider.Issuer.OriginalString}}"}""");

        await HealsAsync(test);
    }

    [Fact]
    public async Task A_base_URL_whose_dot_is_no_dot()
    {
        await using var test = await WithAsync(
            connection: Some.VismaConnection().With(spec => spec with { BaseUrl = "https://api.finance\u2024visma.net/v1" })
        );

        await ShowsAsync(test, "InvalidSpec", "spec.baseURL", "U+2024", "type the URL by hand");
        await test.ChangeConnectionAsync("""{"baseURL": null}""");

        await HealsAsync(test);
    }

    [Fact]
    public async Task An_issuer_that_is_not_allowed()
    {
        await using var test = await TestOperator.StartAsync();
        await ApplyAsync(test, client: test.Client().With(spec => spec with { Issuer = "https://login.example.com" }));

        await ShowsAsync(
            test,
            "IssuerNotAllowed",
            "OAuthClient integrations/acme",
            "https://login.example.com",
            test.Provider.Issuer.OriginalString,
            "--allowed-issuers"
        );
        await ClientShowsAsync(test, "IssuerNotAllowed", "--allowed-issuers");
        await test.ChangeClientAsync($$"""{"issuer": "{{test.Provider.Issuer.OriginalString}}"}""");

        await HealsAsync(test);
    }

    [Fact]
    public async Task An_API_host_that_is_not_allowed()
    {
        await using var test = await WithAsync(
            connection: Some.VismaConnection().With(spec => spec with { BaseUrl = "https://evil.example.com/v1" })
        );

        await ShowsAsync(
            test,
            "ApiHostNotAllowed",
            "spec.baseURL",
            "https://evil.example.com/v1",
            "api.finance.visma.net",
            "--allowed-api-hosts"
        );
        await test.ChangeConnectionAsync("""{"baseURL": null}""");

        await HealsAsync(test);
    }

    [Fact]
    public async Task A_namespace_that_is_not_allowed()
    {
        await using var test = await WithAsync(connection: Some.VismaConnection(ns: "customer-a"));
        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is("Reconciling", "True"), "customer-a");
        await test.AdvanceAsync(TimeSpan.FromSeconds(61));

        await ShowsAsync(
            test,
            "ClientNotAvailable",
            "customer-a",
            ["OAuthClient integrations/acme", "does not exist, or does not allow namespace customer-a", "spec.allowedNamespaces"]
        );
        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "All"}}""");

        await HealsAsync(test, "customer-a");
    }

    [Fact]
    public async Task A_tenant_that_the_client_does_not_serve()
    {
        await using var test = await TestOperator.StartAsync();
        await ApplyAsync(
            test,
            client: test.Client().With(spec => spec with { Tenants = [new TenantRule { TenantId = Some.OtherTenant }] })
        );

        await ShowsAsync(test, "TenantNotAllowed", "OAuthClient integrations/acme", Some.Tenant, "namespace integrations", "spec.tenants");
        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.Tenant}}"}]}""");

        await HealsAsync(test);
    }

    [Fact]
    public async Task A_Secret_of_somebody_else_is_left_as_it_is()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.Credentials("not-yours-to-overwrite", "acme-production-token"));
        await ApplyAsync(test);

        await ShowsAsync(
            test,
            "SecretNotOwned",
            "Secret integrations/acme-production-token",
            "does not belong to VismaConnection acme-production",
            "Choose another spec.secret.name",
            "kubectl annotate secret acme-production-token -n integrations visma-operator.io/adopt=acme-production"
        );
        await test.AdvanceAsync(TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(1));
        Assert.Equal(1, test.TokenRequests);
        Assert.Equal("not-yours-to-overwrite", (await test.TokenSecretAsync()).Text("clientSecret"));
        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-visma"}}""");

        await HealsAsync(test);
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task The_deletion_of_a_foreign_Secret_is_noticed_within_minutes()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.Credentials("not-yours-to-overwrite", "acme-production-token"));
        await ApplyAsync(test);
        await test.UntilStalledAsync("SecretNotOwned");
        await test.DeleteAsync<Secret>("acme-production-token");

        await test.AdvanceAsync(TimeSpan.FromMinutes(6), TimeSpan.FromSeconds(30));

        await HealsAsync(test);
    }

    [Fact]
    public async Task A_Secret_type_that_has_a_meaning_in_the_cluster()
    {
        await using var test = await WithAsync(
            connection: Some.VismaConnection()
                .WithSecret(new SecretSpec { Template = new SecretTemplate { Type = "kubernetes.io/service-account-token" } })
        );

        await ShowsAsync(
            test,
            "InvalidSpec",
            "spec.secret.template.type",
            "have a meaning in the cluster",
            "use Opaque or a type of your own domain"
        );
        await test.ChangeConnectionAsync("""{"secret": {"template": {"type": "example.com/token"}}}""");

        await HealsAsync(test);
        Assert.Equal("example.com/token", (await test.TokenSecretAsync()).Type);
    }

    [Fact]
    public async Task An_annotation_that_steers_others()
    {
        var template = new SecretTemplate
        {
            Metadata = new TemplateMetadata
            {
                Annotations = new Dictionary<string, string> { ["argocd.argoproj.io/sync-options"] = "Prune=false" },
            },
        };
        await using var test = await WithAsync(connection: Some.VismaConnection().WithSecret(new SecretSpec { Template = template }));

        await ShowsAsync(
            test,
            "InvalidSpec",
            "spec.secret.template.metadata.annotations",
            "argocd.argoproj.io/sync-options",
            "are refused",
            "use a key of your own domain"
        );
        await test.ChangeConnectionAsync("""{"secret": {"template": null}}""");

        await HealsAsync(test);
    }

    [Fact]
    public async Task A_lifetime_shorter_than_the_margin_is_served_and_warned_of()
    {
        await using var test = await TestOperator.StartAsync();
        test.Provider.Portal.AccessTokenLifetime = TimeSpan.FromMinutes(5);
        await ApplyAsync(test);

        var ready = await test.UntilReadyAsync();
        await test.UntilIdleAsync();

        var fresh = ready.Condition("TokenFresh")!;
        Assert.Equal(("True", "LifetimeTooShort"), (fresh.Status, fresh.Reason));
        Says(
            fresh.Message,
            "Tokens live 300s",
            "spec.refresh.minRemainingValidity of 600s",
            "at least 150s",
            "Lower spec.refresh.minRemainingValidity, or raise the lifetime in the Visma developer portal"
        );
        Assert.Equal("Warning", Assert.Single(test.EventsAbout(Some.Connection), happened => happened.Reason == "LifetimeTooShort").Type);
        test.Provider.Portal.AccessTokenLifetime = TimeSpan.FromHours(1);
        await test.AdvanceAsync(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(10));
        Assert.Equal("Renewed", (await test.ConnectionAsync()).Condition("TokenFresh")!.Reason);
    }

    [Fact]
    public async Task A_scope_that_was_not_granted_is_named_in_status_and_event()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Faults.Next(
            new Fault.Answer(
                200,
                """{"access_token": "part-of-what-was-asked", "token_type": "Bearer", "expires_in": 3600, "scope": "vismanet_erp_service_api:read"}""",
                "application/json",
                new Dictionary<string, string>()
            )
        );

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "again");
        var granted = await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is("ScopesGranted", "False"));
        await test.UntilIdleAsync();

        Says(
            granted.Condition("ScopesGranted")!.Message,
            "vismanet_erp_service_api:create",
            "developer portal",
            "remove them from spec.scopes"
        );
        Assert.True(granted.Is("Ready", "True"));
        Assert.Equal("Warning", Assert.Single(test.EventsAbout(Some.Connection), happened => happened.Reason == "ScopesMissing").Type);
    }

    private static async Task<TestOperator> WithAsync(VismaConnection? connection = null, Secret? credentials = null)
    {
        var test = await TestOperator.StartAsync();
        await ApplyAsync(test, credentials: credentials ?? Some.Credentials(), connection: connection);
        return test;
    }

    private static Task ApplyAsync(TestOperator test, OAuthClient? client = null) => ApplyAsync(test, Some.Credentials(), client);

    private static async Task ApplyAsync(
        TestOperator test,
        Secret? credentials,
        OAuthClient? client = null,
        VismaConnection? connection = null
    )
    {
        if (credentials is not null)
        {
            await test.ApplyAsync(credentials);
        }

        await test.ApplyAsync(client ?? test.Client());
        await test.ApplyAsync(connection ?? Some.VismaConnection());
    }

    private static Task ShowsAsync(TestOperator test, string reason, params string[] words) =>
        ShowsAsync(test, reason, Some.Namespace, words);

    private static async Task ShowsAsync(TestOperator test, string reason, string ns, string[] words)
    {
        var stalled = await test.UntilStalledAsync(reason, ns: ns);
        await test.UntilIdleAsync();
        Assert.Equal(("False", reason), (stalled.Condition("Ready")!.Status, stalled.Condition("Ready")!.Reason));
        Says(stalled.Condition("Stalled")!.Message, words);
        Assert.Equal(stalled.Condition("Stalled")!.Message, stalled.Condition("Ready")!.Message);
        var told = Assert.Single(test.EventsAbout(Some.Connection), happened => happened.Reason == reason && happened.Type == "Warning");
        Says(told.Note!, words);
    }

    private static async Task ClientShowsAsync(TestOperator test, string reason, params string[] words)
    {
        var stalled = await test.UntilAsync<OAuthClient>(Some.Client, client => client.Condition("Stalled")?.Reason == reason);
        await test.UntilIdleAsync();
        Assert.Equal(("False", reason), (stalled.Condition("Ready")!.Status, stalled.Condition("Ready")!.Reason));
        Says(stalled.Condition("Stalled")!.Message, words);
        Assert.Single(test.EventsAbout(Some.Client), happened => happened.Reason == reason && happened.Type == "Warning");
    }

    private static async Task HealsAsync(TestOperator test, string ns = Some.Namespace)
    {
        var ready = await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is("Ready", "True"), ns);
        Assert.Null(ready.Condition("Stalled"));
        Assert.Null(ready.Condition("Reconciling"));
        Assert.Null(ready.Status.Failure);
        await test.UntilAsync<OAuthClient>(Some.Client, client => client.Is("Ready", "True") && client.Condition("Stalled") is null);
    }

    private static void Says(string message, params string[] words) =>
        Assert.All(words, word => Assert.Contains(word, message, StringComparison.Ordinal));
}
