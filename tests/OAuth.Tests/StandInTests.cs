using System.Net;
using System.Net.Sockets;
using VismaConnect.StandIn;

namespace OAuth.Tests;

/// <summary>The whole way over real HTTP: handler, gate, form, answer.</summary>
public sealed class StandInTests : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new(Some.Noon);
    private VismaConnectStandIn standIn = null!;
    private HttpClient http = null!;
    private IssuerGate gate = null!;
    private TokenEndpoint endpoint = null!;

    public async ValueTask InitializeAsync()
    {
        standIn = await VismaConnectStandIn.StartAsync(
            new StandInOptions
            {
                Time = time,
                Clients = [new StandInClient("isv_acme") { Secrets = [new StandInSecret(Some.Secret)] }],
                Tenants = [new StandInTenant(Some.Tenant)],
            },
            Some.Patience());
        http = OAuthHttp.CreateClient(new HostPolicy([], ["127.0.0.1"], TransportRule.HttpAllowed), new OAuthHttpOptions());
        gate = new IssuerGate(new IssuerGateOptions(), time);
        endpoint = new TokenEndpoint(http, gate, time);
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await standIn.DisposeAsync();
    }

    [Theory]
    [InlineData(ClientAuthenticationMethod.ClientSecretPost, "client_secret_post")]
    [InlineData(ClientAuthenticationMethod.ClientSecretBasic, "client_secret_basic")]
    public async Task Gets_a_token_with_either_authentication(ClientAuthenticationMethod method, string seen)
    {
        var outcome = await endpoint.RequestAsync(standIn.TokenEndpoint, Some.Client(method: method), Some.Request(), Some.Patience());

        var tokens = Assert.IsType<TokenOutcome.Granted>(outcome).Tokens;
        Assert.Contains(tokens.AccessToken.Reveal(), standIn.Ledger.AllSecretsIssued());
        Assert.Equal(TimeSpan.FromHours(1), tokens.Lifetime);
        Assert.Equal(["vismanet_erp_service_api:read"], tokens.GrantedScopes!);
        var asked = standIn.Ledger.TokenRequests.Single().Request;
        Assert.Equal((seen, "client_credentials", Some.Tenant), (asked.AuthenticationMethod, asked.GrantType, asked.TenantId));
    }

    [Fact]
    public async Task Sends_no_scope_when_none_is_named()
    {
        var request = new TokenRequest.ClientCredentialsGrant([], new Dictionary<string, string> { ["tenant_id"] = Some.Tenant });

        var outcome = await endpoint.RequestAsync(standIn.TokenEndpoint, Some.Client(), request, Some.Patience());

        Assert.Equal(ErpScopes.Service, Assert.IsType<TokenOutcome.Granted>(outcome).Tokens.GrantedScopes!);
        Assert.Empty(standIn.Ledger.TokenRequests.Single().Request.Scopes);
    }

    [Fact]
    public async Task A_wrong_secret_is_a_refusal() => Assert.Equal(
        new TokenOutcome.Refused("invalid_client", null, HttpStatusCode.BadRequest, null),
        (await endpoint.RequestAsync(standIn.TokenEndpoint, Some.Client("wrong"), Some.Request(), Some.Patience())) with { Clock = null });

    [Fact]
    public async Task An_unknown_tenant_is_a_refusal()
    {
        standIn.Portal.RemoveTenant(Some.Tenant);

        Assert.Equal("invalid_tenant", Assert.IsType<TokenOutcome.Refused>(await AskAsync()).Error);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        standIn.Faults.Next(Fault.Redirect(standIn.TokenEndpoint.OriginalString));

        Assert.IsType<TokenOutcome.Malformed>(await AskAsync());
        Assert.Single(standIn.Ledger.Requests);
    }

    [Fact]
    public async Task Garbage_HTML_and_huge_answers_are_malformed()
    {
        standIn.Faults.Next(Fault.Garbage());
        standIn.Faults.Next(Fault.Html());
        standIn.Faults.Next(Fault.Huge());

        Assert.IsType<TokenOutcome.Malformed>(await AskAsync());
        Assert.IsType<TokenOutcome.Malformed>(await AskAsync());
        Assert.IsType<TokenOutcome.Malformed>(await AskAsync());
        Assert.IsType<TokenOutcome.Granted>(await AskAsync());
    }

    [Fact]
    public async Task A_lost_answer_may_have_been_processed_and_is_not_asked_for_again()
    {
        standIn.Faults.Next(new Fault.CutAfterProcessing());

        Assert.True(Assert.IsType<TokenOutcome.Unavailable>(await AskAsync()).MayHaveBeenProcessed);
        Assert.Single(standIn.Ledger.TokenRequests, entry => entry.IsGranted);
    }

    [Fact]
    public async Task A_reused_connection_that_is_cut_does_not_send_the_form_twice()
    {
        Assert.IsType<TokenOutcome.Granted>(await AskAsync());
        standIn.Faults.Next(new Fault.CutBefore());

        Assert.True(Assert.IsType<TokenOutcome.Unavailable>(await AskAsync()).MayHaveBeenProcessed);
        Assert.Equal(2, standIn.Ledger.TokenRequests.Count);
    }

    [Fact]
    public async Task A_slow_answer_is_given_up_on_by_the_injected_clock()
    {
        standIn.Faults.Next(new Fault.Slow(TimeSpan.FromHours(1)));
        var asking = AskAsync();
        await standIn.Ledger.WaitForInFlightAsync(1, Some.Patience());

        time.Advance(TimeSpan.FromSeconds(30));

        var unavailable = Assert.IsType<TokenOutcome.Unavailable>(await asking);
        Assert.True(unavailable.MayHaveBeenProcessed);
        Assert.Contains("8 s", unavailable.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_listening_means_not_processed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var free = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        var outcome = await endpoint.RequestAsync(
            new Uri($"http://127.0.0.1:{free}/connect/token"),
            Some.Client(),
            Some.Request(),
            Some.Patience()
        );

        Assert.Equal(new TokenOutcome.Unavailable("token endpoint: could not connect", null, MayHaveBeenProcessed: false), outcome);
    }

    [Fact]
    public async Task The_callers_cancellation_is_no_outcome()
    {
        standIn.Faults.Next(new Fault.Slow(TimeSpan.FromHours(1)));
        using var caller = new CancellationTokenSource();
        var asking = endpoint.RequestAsync(standIn.TokenEndpoint, Some.Client(), Some.Request(), caller.Token);
        await standIn.Ledger.WaitForInFlightAsync(1, Some.Patience());

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public async Task Many_at_once_never_exceed_the_limit()
    {
        var release = new TaskCompletionSource();
        standIn.Faults.Next(new Fault.Hold(release.Task), count: 8);
        var asking = Enumerable.Range(0, 40).Select(_ => AskAsync()).ToList();
        await standIn.Ledger.WaitForInFlightAsync(8, Some.Patience());
        Assert.Equal(32, gate.States.Single().Queued);

        release.SetResult();

        Assert.All(await Task.WhenAll(asking), outcome => Assert.IsType<TokenOutcome.Granted>(outcome));
        Assert.Equal(8, standIn.Ledger.MaxInFlight);
    }

    [Fact]
    public async Task An_https_server_of_an_unknown_authority_gets_nothing()
    {
        await using var secure = await VismaConnectStandIn.StartAsync(
            new StandInOptions { Scheme = StandInScheme.Https, Time = time },
            Some.Patience()
        );

        var outcome = await endpoint.RequestAsync(secure.TokenEndpoint, Some.Client(), Some.Request(), Some.Patience());

        var unavailable = Assert.IsType<TokenOutcome.Unavailable>(outcome);
        Assert.False(unavailable.MayHaveBeenProcessed);
        Assert.Contains("TLS", unavailable.Cause, StringComparison.Ordinal);
        Assert.Empty(secure.Ledger.Requests);
    }

    [Fact]
    public async Task An_https_server_of_a_trusted_root_is_asked()
    {
        await using var secure = await VismaConnectStandIn.StartAsync(
            new StandInOptions { Scheme = StandInScheme.Https, Time = time },
            Some.Patience()
        );
        using var trusting = OAuthHttp.CreateClient(
            new HostPolicy([], ["127.0.0.1"], TransportRule.HttpsOnly),
            new OAuthHttpOptions { TrustedRoots = [secure.Certificate!] }
        );

        var outcome = await new TokenEndpoint(trusting, gate, time).RequestAsync(
            secure.TokenEndpoint,
            Some.Client(),
            Some.Request(),
            Some.Patience()
        );

        Assert.Equal("invalid_client", Assert.IsType<TokenOutcome.Refused>(outcome).Error);
    }

    private Task<TokenOutcome> AskAsync() => endpoint.RequestAsync(standIn.TokenEndpoint, Some.Client(), Some.Request(), Some.Patience());
}
