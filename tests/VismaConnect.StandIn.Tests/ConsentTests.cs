namespace VismaConnect.StandIn.Tests;

public sealed class ConsentTests
{
    private static CancellationToken Patience => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Approval_comes_back_with_code_state_and_issuer()
    {
        await using var interactive = await Interactive.StartAsync();

        var back = await interactive.StandIn.ApproveAsync(interactive.Authorize(), Interactive.Kari, cancellationToken: Patience);

        Assert.StartsWith(Interactive.RedirectUri + "?code=", back.OriginalString, StringComparison.Ordinal);
        Assert.Equal(
            (Interactive.State, interactive.StandIn.Issuer.OriginalString, Interactive.Scope),
            (Interactive.Query(back, "state"), Interactive.Query(back, "iss"), Interactive.Query(back, "scope")));
        var entry = interactive.StandIn.Ledger.Requests[^1];
        Assert.Equal((StandInEndpoint.Consent, "approved", Interactive.ClientId), (entry.Endpoint, entry.Outcome, entry.Request.ClientId));
        Assert.Equal(
            new GrantTrace(interactive.Family.Id, 0, GrantVerdict.Granted) { Issued = GrantTrace.HashOf(Interactive.Query(back, "code")!) },
            entry.Grant
        );
    }

    [Fact]
    public async Task A_refusal_comes_back_as_access_denied()
    {
        await using var interactive = await Interactive.StartAsync();

        var back = await interactive.StandIn.DenyAsync(interactive.Authorize(), Interactive.Kari, cancellationToken: Patience);

        Assert.Equal(("access_denied", Interactive.State), (Interactive.Query(back, "error"), Interactive.Query(back, "state")));
        Assert.Empty(interactive.StandIn.Grants.Families);
    }

    [Fact]
    public async Task A_redirect_URI_keeps_its_own_query()
    {
        const string uri = "https://operator.example/callback?realm=a";
        await using var interactive = await Interactive.StartAsync(client => client with { RedirectUris = [uri] });

        var back = await interactive.StandIn.ApproveAsync(
            interactive.Authorize(("redirect_uri", uri)),
            Interactive.Kari,
            cancellationToken: Patience
        );

        Assert.StartsWith(uri + "&code=", back.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_who_acts_for_several_companies_chooses_one()
    {
        await using var interactive = await Interactive.StartAsync();

        await interactive.StandIn.ApproveAsync(interactive.Authorize(), Interactive.Ola, Interactive.OtherTenant, Patience);

        Assert.Equal(("sub-of-ola", Interactive.OtherTenant), (interactive.Family.Subject, interactive.Family.TenantId));
    }

    [Theory]
    [InlineData(Interactive.Ola, null, "400: Choose a company that you may act for.")]
    [InlineData(Interactive.Kari, Interactive.OtherTenant, "400: Choose a company that you may act for.")]
    [InlineData("nobody@acme.example", null, "400: There is nobody of that name.")]
    public async Task A_wrong_sign_in_is_shown_on_the_page(string user, string? tenant, string words)
    {
        await using var interactive = await Interactive.StartAsync();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            interactive.StandIn.ApproveAsync(interactive.Authorize(), user, tenant, Patience)
        );

        Assert.Equal(words, refused.Message);
    }

    [Fact]
    public async Task A_refused_sign_in_keeps_the_name_that_was_typed()
    {
        await using var interactive = await Interactive.StartAsync();
        var page = new FormSession(interactive);
        await page.GoToAsync(interactive.Authorize());

        await page.SubmitAsync("/account/login", ("username", Interactive.Ola), ("tenant", ""), ("decision", "signin"));

        Assert.Contains($"value=\"{Interactive.Ola}\"", page.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Consent_works_over_https_with_the_stand_in_s_certificate()
    {
        await using var interactive = await Interactive.StartAsync(same => same, options => options with { Scheme = StandInScheme.Https });

        var back = await interactive.StandIn.ApproveAsync(interactive.Authorize(), Interactive.Kari, cancellationToken: Patience);

        Assert.NotNull(Interactive.Query(back, "code"));
    }

    [Fact]
    public async Task A_browser_remembers_who_signed_in_until_asked_for_somebody_else()
    {
        await using var interactive = await Interactive.StartAsync();
        using var browser = new Visitor();
        await browser.ApproveAsync(interactive.Authorize(), Interactive.Kari, null, Patience);

        await browser.ApproveAsync(interactive.Authorize(), Interactive.Ola, Running.Tenant, Patience);
        await browser.ApproveAsync(interactive.Authorize(("prompt", "login")), Interactive.Ola, Running.Tenant, Patience);

        Assert.Equal(["sub-of-kari", "sub-of-kari", "sub-of-ola"], interactive.StandIn.Grants.Families.Select(family => family.Subject));
    }

    [Fact]
    public async Task The_consent_page_offers_to_sign_in_as_somebody_else()
    {
        await using var interactive = await Interactive.StartAsync();
        var page = new FormSession(interactive);
        await page.GoToAsync(interactive.Authorize());
        await page.SubmitAsync("/account/login", ("username", Interactive.Kari), ("tenant", ""), ("decision", "signin"));
        Assert.Contains(Interactive.Kari, page.Html, StringComparison.Ordinal);

        await page.SubmitAsync("/consent", ("decision", "switch"));
        await page.SubmitAsync(
            "/account/login",
            ("username", Interactive.Ola),
            ("tenant", Interactive.OtherTenant),
            ("decision", "signin")
        );
        await page.SubmitAsync("/consent", ("decision", "approve"));

        Assert.Equal("sub-of-ola", interactive.Family.Subject);
    }

    [Fact]
    public async Task Cancelling_the_sign_in_reads_access_denied()
    {
        await using var interactive = await Interactive.StartAsync();
        var page = new FormSession(interactive);
        await page.GoToAsync(interactive.Authorize());

        await page.SubmitAsync("/account/login", ("decision", "cancel"));

        Assert.Equal("access_denied", Interactive.Query(page.Url, "error"));
    }

    [Fact]
    public async Task A_consent_is_answered_once()
    {
        await using var interactive = await Interactive.StartAsync();
        var page = new FormSession(interactive);
        await page.GoToAsync(interactive.Authorize());
        await page.SubmitAsync("/account/login", ("username", Interactive.Kari), ("decision", "signin"));
        var shown = page.Html;
        await page.SubmitAsync("/consent", ("decision", "approve"));

        page.Back(shown);
        await page.SubmitAsync("/consent", ("decision", "approve"));

        Assert.Contains("answered already", page.Html, StringComparison.Ordinal);
        Assert.Single(interactive.StandIn.Grants.Families);
    }

    [Fact]
    public async Task Another_browser_cannot_answer_for_the_person()
    {
        await using var interactive = await Interactive.StartAsync();
        var (page, foreign) = (new FormSession(interactive), new FormSession(interactive));
        await page.GoToAsync(interactive.Authorize());
        await page.SubmitAsync("/account/login", ("username", Interactive.Kari), ("decision", "signin"));

        foreign.Back(page.Html);
        await foreign.SubmitAsync("/consent", ("decision", "approve"));

        Assert.Contains("User name", foreign.Html, StringComparison.Ordinal);
        Assert.Empty(interactive.StandIn.Grants.Families);
    }

    [Fact]
    public async Task An_answer_after_the_time_for_it_reads_access_denied()
    {
        await using var interactive = await Interactive.StartAsync();
        var page = new FormSession(interactive);
        await page.GoToAsync(interactive.Authorize());
        await page.SubmitAsync("/account/login", ("username", Interactive.Kari), ("decision", "signin"));
        interactive.Pass(TimeSpan.FromMinutes(15));

        await page.SubmitAsync("/consent", ("decision", "approve"));

        Assert.Equal(("access_denied", Interactive.State), (Interactive.Query(page.Url, "error"), Interactive.Query(page.Url, "state")));
    }

    [Fact]
    public async Task Pages_say_what_is_asked_for_and_forbid_scripts_and_storing()
    {
        await using var interactive = await Interactive.StartAsync();
        interactive.StandIn.Portal.Set(new StandInTenant(Running.Tenant) { Name = "Acme <Norge>" });
        var page = new FormSession(interactive);
        await page.GoToAsync(interactive.Authorize(("login_hint", Interactive.Kari)));
        Assert.Contains($"value=\"{Interactive.Kari}\"", page.Html, StringComparison.Ordinal);

        await page.SubmitAsync("/account/login", ("username", Interactive.Kari), ("decision", "signin"));

        Assert.Contains("Acme &lt;Norge&gt;", page.Html, StringComparison.Ordinal);
        Assert.Contains("vismanet_erp_interactive_api:read", page.Html, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("no-store", page.Headers.GetValues("Cache-Control").Single(), StringComparison.Ordinal);
    }
}
