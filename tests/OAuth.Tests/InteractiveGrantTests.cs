using System.Security.Cryptography;
using System.Web;
using VismaConnect.StandIn;

namespace OAuth.Tests;

/// <summary>The whole way of an interactive grant over real HTTP: discovery, consent, code, refresh tokens, revocation.</summary>
public sealed class InteractiveGrantTests : IAsyncLifetime
{
    private const string Kari = "kari@acme.example";
    private static readonly Uri callback = new("https://operator.example/oauth2/callback");

    private readonly FakeTimeProvider time = new(Some.Noon);
    private readonly CodeVerifier verifiers = new(RandomNumberGenerator.GetBytes);
    private VismaConnectStandIn standIn = null!;
    private HttpClient http = null!;
    private IssuerGate gate = null!;
    private ServerMetadata metadata = null!;
    private Sensitive verifier = null!;

    public async ValueTask InitializeAsync()
    {
        standIn = await VismaConnectStandIn.StartAsync(
            new StandInOptions
            {
                Time = time,
                Clients = [Application(RefreshTokenUsage.OneTime, grace: TimeSpan.Zero)],
                Tenants = [new StandInTenant(Some.Tenant)],
                Users = [new StandInUser(Kari, "sub-of-kari") { Tenants = [Some.Tenant] }],
            },
            Some.Patience());
        var policy = new HostPolicy([], ["127.0.0.1"], TransportRule.HttpAllowed);
        http = OAuthHttp.CreateClient(policy, new OAuthHttpOptions());
        gate = new IssuerGate(new IssuerGateOptions(), time);
        var discovery = new ServerMetadataEndpoint(http, policy, time);
        metadata = Assert.IsType<MetadataOutcome.Found>(await discovery.GetAsync(standIn.Issuer, Some.Patience())).Metadata;
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await standIn.DisposeAsync();
    }

    [Fact]
    public async Task A_consent_becomes_tokens_that_say_who_gave_it_and_for_whom()
    {
        var consent = await ConsentAsync();
        var tokens = Assert.IsType<TokenOutcome.Granted>(await RedeemAsync(consent)).Tokens;

        Assert.Equal((Sensitive.From("st.ate"), metadata.Issuer), (consent.State, consent.Issuer));
        Assert.Equal("sub-of-kari", TokenClaims.Of(tokens.IdToken!).Subject);
        Assert.Equal(Some.Tenant, TokenClaims.Of(tokens.AccessToken).TenantId);
        Assert.Contains("offline_access", tokens.GrantedScopes!);
        Assert.Equal([tokens.RefreshToken!.Reveal()], standIn.Grants.LiveRefreshTokens(standIn.Grants.Families.Single().Id));
    }

    [Fact]
    public async Task A_no_on_the_page_comes_back_in_words()
    {
        var answer = Response(await standIn.DenyAsync(Authorization(), Kari, cancellationToken: Some.Patience()));

        Assert.Equal(new AuthorizationResponse.Denied("access_denied", null, Sensitive.From("st.ate"), metadata.Issuer), answer);
    }

    [Fact]
    public async Task Another_verifier_gets_nothing()
    {
        var consent = await ConsentAsync();
        verifier = verifiers.New();

        AssertInvalidGrant(await RedeemAsync(consent));
        Assert.Empty(standIn.Grants.Families.Single().RefreshTokens);
    }

    [Fact]
    public async Task A_code_works_once()
    {
        var consent = await ConsentAsync();
        Assert.IsType<TokenOutcome.Granted>(await RedeemAsync(consent));

        AssertInvalidGrant(await RedeemAsync(consent));
    }

    [Fact]
    public async Task A_one_time_token_gives_its_successor_and_its_re_use_ends_the_grant()
    {
        var first = await GrantAsync();
        var second = Assert.IsType<TokenOutcome.Granted>(await RefreshAsync(first)).Tokens.RefreshToken!;
        var third = Assert.IsType<TokenOutcome.Granted>(await RefreshAsync(second)).Tokens.RefreshToken!;
        Assert.Equal(3, new HashSet<string> { first.Reveal(), second.Reveal(), third.Reveal() }.Count);

        AssertInvalidGrant(await RefreshAsync(second));

        AssertInvalidGrant(await RefreshAsync(third));
        Assert.Equal(RevocationCause.ReusedToken, standIn.Grants.Families.Single().Revocation);
    }

    [Fact]
    public async Task A_reusable_token_keeps_working()
    {
        standIn.Portal.Set(Application(RefreshTokenUsage.ReUse, TimeSpan.Zero));
        var token = await GrantAsync();

        for (var count = 0; count < 3; count++)
        {
            var tokens = Assert.IsType<TokenOutcome.Granted>(await RefreshAsync(token)).Tokens;
            Assert.Equal(token, tokens.RefreshToken ?? token);
        }
    }

    [Fact]
    public async Task A_token_whose_answer_was_lost_can_be_sent_again_within_the_grace()
    {
        standIn.Portal.Set(Application(RefreshTokenUsage.OneTime, TimeSpan.FromSeconds(10)));
        var token = await GrantAsync();
        standIn.Faults.Next(new Fault.CutAfterProcessing());

        Assert.True(Assert.IsType<TokenOutcome.Unavailable>(await RefreshAsync(token)).MayHaveBeenProcessed);
        time.Advance(TimeSpan.FromSeconds(9));

        Assert.IsType<TokenOutcome.Granted>(await RefreshAsync(token));
        Assert.False(standIn.Grants.Families.Single().IsRevoked);
    }

    [Fact]
    public async Task A_refresh_that_is_cut_on_a_kept_connection_is_sent_once()
    {
        var token = await GrantAsync();
        standIn.Faults.Next(new Fault.CutBefore());

        Assert.True(Assert.IsType<TokenOutcome.Unavailable>(await RefreshAsync(token)).MayHaveBeenProcessed);

        Assert.Single(standIn.Ledger.TokenRequests, entry => entry.Request.GrantType == "refresh_token");
        Assert.IsType<TokenOutcome.Granted>(await RefreshAsync(token));
    }

    [Fact]
    public async Task A_revoked_token_works_no_more_and_can_be_revoked_again()
    {
        var token = await GrantAsync();

        Assert.IsType<RevocationOutcome.Revoked>(await RevokeAsync(token, Some.Client()));

        AssertInvalidGrant(await RefreshAsync(token));
        Assert.Equal(RevocationCause.Requested, standIn.Grants.Families.Single().Revocation);
        Assert.IsType<RevocationOutcome.Revoked>(
            await RevokeAsync(token, Some.Client(method: ClientAuthenticationMethod.ClientSecretBasic))
        );
    }

    [Fact]
    public async Task A_revocation_with_a_wrong_secret_is_refused_and_changes_nothing()
    {
        var token = await GrantAsync();

        Assert.Equal(new RevocationOutcome.Refused("invalid_client"), await RevokeAsync(token, Some.Client("wrong")));

        Assert.IsType<TokenOutcome.Granted>(await RefreshAsync(token));
    }

    private static StandInClient Application(RefreshTokenUsage usage, TimeSpan grace) => new("isv_acme")
    {
        Secrets = [new StandInSecret(Some.Secret)],
        AllowedScopes = ErpScopes.Interactive,
        AllowedGrants = StandInClient.InteractiveGrants,
        RedirectUris = [callback.OriginalString],
        AllowOfflineAccess = true,
        RequirePkce = true,
        RefreshTokens = new StandInRefreshTokens { Usage = usage, Grace = grace },
    };

    private static AuthorizationResponse Response(Uri answer)
    {
        Assert.Equal(callback.OriginalString, answer.GetLeftPart(UriPartial.Path));
        var query = HttpUtility.ParseQueryString(answer.Query);
        return AuthorizationResponse.Read(query.AllKeys.SelectMany(
            name => query.GetValues(name)!.Select(value => KeyValuePair.Create<string, string?>(name!, value))));
    }

    private static void AssertInvalidGrant(TokenOutcome outcome) =>
        Assert.Equal("invalid_grant", Assert.IsType<TokenOutcome.Refused>(outcome).Error);

    private Uri Authorization()
    {
        verifier = verifiers.New();
        return new AuthorizationRequest(
            metadata.AuthorizationEndpoint!,
            "isv_acme",
            callback,
            ["openid", "offline_access", "vismanet_erp_interactive_api:read"],
            Sensitive.From("st.ate"),
            CodeVerifier.ChallengeOf(verifier)).ToUri();
    }

    private async Task<AuthorizationResponse.Code> ConsentAsync() => Assert.IsType<AuthorizationResponse.Code>(
        Response(await standIn.ApproveAsync(Authorization(), Kari, cancellationToken: Some.Patience())));

    private async Task<Sensitive> GrantAsync() =>
        Assert.IsType<TokenOutcome.Granted>(await RedeemAsync(await ConsentAsync())).Tokens.RefreshToken!;

    private Task<TokenOutcome> RedeemAsync(AuthorizationResponse.Code consent) => AskAsync(
        new TokenRequest.AuthorizationCodeGrant(consent.Value, verifier, callback, new Dictionary<string, string>()));

    private Task<TokenOutcome> RefreshAsync(Sensitive token) =>
        AskAsync(new TokenRequest.RefreshTokenGrant(token, new Dictionary<string, string>()));

    private Task<TokenOutcome> AskAsync(TokenRequest request) =>
        new TokenEndpoint(http, gate, time).RequestAsync(metadata.TokenEndpoint, Some.Client(), request, Some.Patience());

    private Task<RevocationOutcome> RevokeAsync(Sensitive token, ClientCredentials client) =>
        new RevocationEndpoint(http, gate, time).RevokeAsync(metadata.RevocationEndpoint!, client, token, Some.Patience());
}
