using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Lifecycle;
using Microsoft.Extensions.Time.Testing;
using OAuth;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Probing;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Probing;

/// <summary>One probe over real HTTP at the stand-in's ERP API, with tokens that it issued.</summary>
public sealed class ApiProbeTests : IAsyncLifetime
{
    private const string Tenant = "2f5c0b7e-7a54-4b07-9f0e-6d1c8f1f0a11";

    private static readonly DateTimeOffset noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider time = new(noon);
    private VismaConnectStandIn standIn = null!;
    private HttpClient http = null!;

    public async ValueTask InitializeAsync()
    {
        standIn = await VismaConnectStandIn.StartAsync(
            new StandInOptions
            {
                Time = time,
                Clients = [new StandInClient("isv_acme") { Secrets = [new StandInSecret("s3cret-of-acme")] }],
                Tenants = [new StandInTenant(Tenant)],
            },
            TestContext.Current.CancellationToken
        );
        http = ApiProbe.CreateClient(Allowed(), new OAuthHttpOptions());
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await standIn.DisposeAsync();
    }

    [Fact]
    public async Task A_token_of_the_company_is_accepted()
    {
        var outcome = await ProbeAsync();

        Assert.IsType<ProbeOutcome.Accepted>(outcome);
        Assert.Equal(new ProbeLimits(1000, 999, null), outcome.Limits);
        Assert.Equal(Reason.ApiAnswered, Explain(outcome).Reason);
    }

    [Fact]
    public async Task The_customer_tenant_is_401_and_the_remedy_names_the_company_tenant()
    {
        standIn.Portal.Set(new StandInTenant(Tenant) { Kind = TenantKind.Customer });

        var problem = Explain(await ProbeAsync());

        Assert.Equal(Reason.ApiUnauthorized, problem.Reason);
        Assert.Contains("401", problem.Message, StringComparison.Ordinal);
        Assert.Contains(Tenant, problem.Message, StringComparison.Ordinal);
        Assert.Contains("Visma Admin > Company > Edit > Configuration > Tenant id", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_scope_is_403()
    {
        var outcome = await ProbeAsync(scope: "vismanet_erp_service_api:create");

        Assert.IsType<ProbeOutcome.Forbidden>(outcome);
        Assert.Contains("[a:create]", Explain(outcome, "a:create").Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_company_without_a_licence_is_12027_at_any_status()
    {
        standIn.Portal.Set(new StandInTenant(Tenant) { IsLicensed = false });
        Assert.IsType<ProbeOutcome.CompanyRefused>(await ProbeAsync());

        foreach (var status in (int[])[200, 400, 401, 403, 404, 503])
        {
            standIn.Faults.Next(Fault.Erp("12027", "No license for this company.", status), 1, StandInEndpoint.Api);
            var outcome = Assert.IsType<ProbeOutcome.CompanyRefused>(await ProbeAsync());
            Assert.Contains("(No license for this company.)", Explain(outcome).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/dimension", "/v2")]
    [InlineData("/no/such", "/v1")]
    public async Task A_wrong_address_is_404(string path, string version) =>
        Assert.Equal(Reason.ApiPathNotFound, Explain(await ProbeAsync(path, version)).Reason);

    [Fact]
    public async Task A_used_up_quota_asks_for_a_pause_before_and_at_429()
    {
        standIn.Portal.ApiRequestsPerHour = 1;

        var accepted = Assert.IsType<ProbeOutcome.Accepted>(await ProbeAsync());
        Assert.Equal(TimeSpan.FromHours(1), accepted.Pause);
        time.Advance(TimeSpan.FromMinutes(20));
        var limited = Assert.IsType<ProbeOutcome.RateLimited>(await ProbeAsync());

        Assert.Equal(TimeSpan.FromMinutes(40), limited.Pause);
        Assert.Equal(Reason.ApiRateLimited, Explain(limited).Reason);
    }

    [Fact]
    public async Task The_older_reset_is_a_Unix_time_and_a_pause_has_an_end()
    {
        foreach (
            var (reset, pause) in ((string, TimeSpan)[])
            [
                ("90", TimeSpan.FromSeconds(90)),
                (noon.AddSeconds(90).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), TimeSpan.FromSeconds(90)),
                ("999999999", TimeSpan.FromHours(1)),
                ("99999999999999999999", TimeSpan.FromMinutes(5)),
                ("-1", TimeSpan.FromMinutes(5)),
                ("soon", TimeSpan.FromMinutes(5)),
            ]
        )
        {
            standIn.Faults.Next(
                new Fault.Answer(429, "", "text/plain", new Dictionary<string, string> { ["X-RateLimit-Reset"] = reset }),
                1,
                StandInEndpoint.Api
            );
            Assert.Equal(pause, (await ProbeAsync()).Pause);
        }
    }

    public static TheoryData<string, string> Faults => new()
    {
        { "server error", "unavailable" },
        { "bad gateway page", "unavailable" },
        { "cut", "unavailable" },
        { "garbage", "unexpected" },
        { "page", "unexpected" },
        { "redirect", "unexpected" },
        { "unknown fault", "unexpected" },
        { "bad request", "unexpected" },
        { "huge page", "unexpected" },
        { "huge", "accepted" },
        { "empty", "accepted" },
        { "text", "unexpected" },
        { "fault at 500", "unexpected" },
        { "half a character", "unexpected" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Every_other_answer_has_its_outcome(string fault, string label)
    {
        standIn.Faults.Always(
            fault switch
            {
                "server error" => Fault.ServerError(503),
                "bad gateway page" => Fault.Html(502),
                "cut" => new Fault.CutBefore(),
                "garbage" => Fault.Garbage(),
                "page" => Fault.Html(),
                "redirect" => Fault.Redirect(new Uri(standIn.Url, "/v1/dimension").OriginalString),
                "unknown fault" => Fault.Erp("12002", "Invalid parameter exception: ipp-company-id", 200),
                "bad request" => Fault.Erp("12002", "Invalid parameter exception: ipp-company-id", 400),
                "huge page" => new Fault.Answer(200, new string('x', 1_000_000), "text/html", new Dictionary<string, string>()),
                "huge" => Fault.Huge(),
                "text" => new Fault.Answer(200, "Please sign in.", "text/plain", new Dictionary<string, string>()),
                "half a character" =>
                    new Fault.Answer(400, """{"\ud800":1}""", "application/json", new Dictionary<string, string>()),
                "fault at 500" => Fault.Erp("12002", "Invalid parameter exception: ipp-company-id"),
                _ => new Fault.Answer(204, "", "text/plain", new Dictionary<string, string>()),
            },
            StandInEndpoint.Api
        );

        var outcome = await ProbeAsync();

        Assert.Equal(label, outcome.Label);
        Assert.NotEmpty(Explain(outcome).Message);
    }

    [Fact]
    public async Task A_redirect_does_not_carry_the_token_away()
    {
        await using var elsewhere = await VismaConnectStandIn.StartAsync(new StandInOptions(), TestContext.Current.CancellationToken);
        standIn.Faults.Next(Fault.Redirect(new Uri(elsewhere.Url, "/v1/dimension").OriginalString), 1, StandInEndpoint.Api);

        Assert.IsType<ProbeOutcome.Unexpected>(await ProbeAsync());

        Assert.Empty(elsewhere.Ledger.Requests);
    }

    [Fact]
    public async Task An_answer_that_repeats_the_token_is_not_quoted()
    {
        var token = await TokenAsync();
        standIn.Faults.Next(
            new Fault.Answer(401, $$"""{"Message":"bad token {{token}}"}""", "application/json", new Dictionary<string, string>()),
            1,
            StandInEndpoint.Api
        );

        var outcome = await ProbeAsync(token: token);

        Assert.DoesNotContain(token, Explain(outcome).Message + outcome, StringComparison.Ordinal);
        Assert.Contains("withheld", Explain(outcome).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_answer_is_shown_and_120_characters_of_an_error_at_most()
    {
        const string Content = "balance of the company";
        var beginning = new string('x', 120);
        standIn.Faults.Next(Answering(200, $$"""{"total":"{{Content}}","Message":"{{Content}}"}"""), 1, StandInEndpoint.Api);
        var accepted = await ProbeAsync();
        standIn.Faults.Next(Answering(400, $$"""{"total":"{{Content}}","Message":"{{beginning}}{{Content}}"}"""), 1, StandInEndpoint.Api);
        var refused = await ProbeAsync();

        Assert.IsType<ProbeOutcome.Accepted>(accepted);
        Assert.DoesNotContain(Content, Explain(accepted).Message + accepted, StringComparison.Ordinal);
        Assert.Contains(beginning, Explain(refused).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("balance", Explain(refused).Message + refused, StringComparison.Ordinal);

        static Fault Answering(int status, string body) =>
            new Fault.Answer(status, body, "application/json", new Dictionary<string, string>());
    }

    [Fact]
    public async Task An_API_that_hangs_is_given_up_on()
    {
        var release = new TaskCompletionSource();
        var held = new Fault.Hold(release.Task);
        standIn.Faults.Next(held, 1, StandInEndpoint.Api);
        var probing = ProbeAsync(token: await TokenAsync());
        await held.Reached.WaitAsync(TestContext.Current.CancellationToken);

        time.Advance(ApiProbe.Timeout);

        Assert.Contains("10 s", Assert.IsType<ProbeOutcome.Unavailable>(await probing).Cause, StringComparison.Ordinal);
        release.SetResult();
    }

    [Fact]
    public async Task Nobody_listening_an_unknown_name_and_an_unknown_authority_are_told_apart()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var free = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        await using var secure = await VismaConnectStandIn.StartAsync(
            new StandInOptions { Scheme = StandInScheme.Https },
            TestContext.Current.CancellationToken
        );
        var token = await TokenAsync();

        Assert.Contains("could not connect", await CauseAsync($"http://127.0.0.1:{free}"), StringComparison.Ordinal);
        Assert.Contains("name could not be resolved", await CauseAsync("https://api.invalid"), StringComparison.Ordinal);
        Assert.Contains("TLS", await CauseAsync(secure.Url.OriginalString.TrimEnd('/')), StringComparison.Ordinal);
        Assert.Empty(secure.Ledger.Requests);

        async Task<string> CauseAsync(string baseUrl)
        {
            var allowed = Allowed(new Uri(baseUrl).Authority);
            using var client = ApiProbe.CreateClient(allowed, new OAuthHttpOptions());
            var outcome = await new ApiProbe(client, allowed, TimeProvider.System).SendAsync(
                Connection(baseUrl, "/dimension"),
                Sensitive.From(token),
                TestContext.Current.CancellationToken
            );
            return Assert.IsType<ProbeOutcome.Unavailable>(outcome).Cause;
        }
    }

    [Theory]
    [InlineData("https://elsewhere.example/v1", false)]
    [InlineData("http://127.0.0.1:1/v1", true)]
    [InlineData("http://127.0.0.1@elsewhere.example/v1", true)]
    [InlineData("https://api.finance.visma.net.elsewhere.example/v1", true)]
    public async Task A_token_goes_to_allowed_hosts_only(string baseUrl, bool insecure)
    {
        var allowed = Allowed() with { AllowInsecureIssuers = insecure };

        var outcome = await new ApiProbe(http, allowed, time).SendAsync(
            Connection(baseUrl, "/dimension"),
            Sensitive.From("token"),
            TestContext.Current.CancellationToken
        );

        Assert.Equal(Reason.ApiHostNotAllowed, Explain(Assert.IsType<ProbeOutcome.NotAllowed>(outcome)).Reason);
    }

    [Fact]
    public async Task Plain_http_needs_its_permission()
    {
        var allowed = Allowed() with { AllowInsecureIssuers = false };

        var outcome = await new ApiProbe(http, allowed, time).SendAsync(
            Connection(standIn.ApiUrl.OriginalString, "/dimension"),
            Sensitive.From("token"),
            TestContext.Current.CancellationToken
        );

        Assert.Contains("unencrypted", Assert.IsType<ProbeOutcome.NotAllowed>(outcome).Cause, StringComparison.Ordinal);
        Assert.Empty(standIn.Ledger.Requests);
    }

    public static TheoryData<string> Hostile =>
    [
        "//evil.example", "/\\evil.example", "@evil.example", ":1@evil.example", ".evil.example", "/..", "/../x", "/a/../../x",
        "/%2f%2fevil.example", "/a#b", "/a\r\nHost: evil.example", "/dimensi\u00f6n", "\u2024evil", "/a b", "https://evil.example", "",
        "/\0",
    ];

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_path_cannot_change_the_host(string path) => Assert.Null(ProbeAddress.Of("https://api.finance.visma.net/v1", path));

    [Theory]
    [InlineData("https://api.finance.visma.net/v1", "/dimension", "https://api.finance.visma.net/v1/dimension")]
    [InlineData("https://api.finance.visma.net/v1/", "/dimension", "https://api.finance.visma.net/v1/dimension")]
    [InlineData("https://api.finance.visma.net", "/", "https://api.finance.visma.net/")]
    [InlineData("https://a.b:8443/v2", "/customerinvoice?pageSize=1", "https://a.b:8443/v2/customerinvoice?pageSize=1")]
    public void An_address_is_the_base_URL_and_the_path(string baseUrl, string path, string address)
    {
        var found = ProbeAddress.Of(baseUrl, path)!;

        Assert.Equal(address, found.Url.AbsoluteUri);
        Assert.Equal(address.Split('?')[0], found.Words);
    }

    private AllowLists Allowed(string? host = null) =>
        new() { AllowedApiHosts = [host ?? standIn.Url.Authority], AllowInsecureIssuers = true };

    private static Problem Explain(ProbeOutcome outcome, string scopes = "vismanet_erp_service_api:read") =>
        outcome.Explain(new ProbeContext("https://api.finance.visma.net/v1/dimension", Tenant, scopes));

    private async Task<ProbeOutcome> ProbeAsync(
        string path = "/dimension",
        string version = "/v1",
        string scope = "vismanet_erp_service_api:read",
        string? token = null
    ) =>
        await new ApiProbe(http, Allowed(), time).SendAsync(
            Connection(new Uri(standIn.Url, version).OriginalString, path),
            Sensitive.From(token ?? await TokenAsync(scope)),
            TestContext.Current.CancellationToken
        );

    private async Task<string> TokenAsync(string scope = "vismanet_erp_service_api:read")
    {
        using var plain = new HttpClient(new SocketsHttpHandler());
        using var form = new FormUrlEncodedContent(
            new Dictionary<string, string>
            {
                ["grant_type"] = "client_credentials",
                ["client_id"] = "isv_acme",
                ["client_secret"] = "s3cret-of-acme",
                ["tenant_id"] = Tenant,
                ["scope"] = scope,
            }
        );
        using var response = await plain.PostAsync(standIn.TokenEndpoint, form, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return System.Text.Json.JsonDocument.Parse(body).RootElement.GetProperty("access_token").GetString()!;
    }

    private static VismaConnection Connection(string baseUrl, string path)
    {
        var some = Some.VismaConnection();
        return some with { Spec = some.Spec with { BaseUrl = baseUrl, Probe = new ProbeSpec { Path = path } } };
    }
}
