using System.Web;
using Kubernetes.Client.Resources;
using VismaOperator.Grants;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Consent;

/// <summary>
/// A connection that awaits a consent, two replicas that serve the pages beside the one that leads, and a person at a browser. At the end
/// every answer is searched for what must not stand in it.
/// </summary>
internal sealed class ConsentScene : IAsyncDisposable
{
    private readonly List<ConsentBrowser> browsers = [];
    private readonly List<string> states = [];

    private ConsentScene(TestOperator test, ConsentReplica replica, ConsentReplica otherReplica)
    {
        Test = test;
        Replica = replica;
        OtherReplica = otherReplica;
        Browser = NewBrowser();
    }

    public static Uri PublicUrl { get; } = new("https://operator.example.com/visma");

    public TestOperator Test { get; }

    public ConsentReplica Replica { get; }

    public ConsentReplica OtherReplica { get; }

    public ConsentBrowser Browser { get; }

    public static async Task<ConsentScene> StartAsync(Uri? publicUrl = null, Action<TestOperator>? prepare = null)
    {
        var test = await StartInteractiveAsync(
            prepare: prepared =>
            {
                prepared.PublicUrl = publicUrl ?? PublicUrl;
                prepare?.Invoke(prepared);
            }
        );
        test.Provider.AllowInteractive(
            refreshTokens: null,
            new ConsentLinks(test.PublicUrl, connectArguments: null, _ => []).Callback!.OriginalString
        );
        return new ConsentScene(test, await ConsentReplica.StartAsync(test), await ConsentReplica.StartAsync(test));
    }

    public ConsentBrowser NewBrowser()
    {
        var browser = new ConsentBrowser();
        browsers.Add(browser);
        return browser;
    }

    /// <summary>The link that stands in status.</summary>
    public async Task<Uri> LinkAsync(string name = Some.Connection) => new((await Test.ConnectionAsync(name)).Status.Authorization!.Url!);

    /// <summary>Opens the link and presses the button.</summary>
    /// <returns>Where the browser is sent.</returns>
    public async Task<Uri> BeginAsync(ConsentBrowser? browser = null, string name = Some.Connection)
    {
        var who = browser ?? Browser;
        var begun = await who.PressAsync(Replica, await who.OpenAsync(Replica, await LinkAsync(name)));
        Assert.Equal(303, begun.Status);
        states.Add(HttpUtility.ParseQueryString(begun.Location!.Query)["state"]!);
        return begun.Location!;
    }

    /// <summary>Signs in at the provider and consents.</summary>
    /// <returns>Where the browser is sent back to.</returns>
    public Task<Uri> ApproveAsync(Uri provider, ConsentBrowser? browser = null, string tenant = Some.Tenant) =>
        (browser ?? Browser).Visitor.ApproveAsync(provider, Person, tenant, TestContext.Current.CancellationToken);

    /// <summary>Signs in at the provider and refuses.</summary>
    public Task<Uri> DenyAsync(Uri provider) =>
        Browser.Visitor.DenyAsync(provider, Person, Some.Tenant, TestContext.Current.CancellationToken);

    /// <summary>The whole way to the address that the provider sends the browser back to.</summary>
    public async Task<Uri> ConsentAsync(string tenant = Some.Tenant) => await ApproveAsync(await BeginAsync(), tenant: tenant);

    /// <summary>Comes back to the other replica than the one that began.</summary>
    public Task<Visit> ComeBackAsync(Uri back, ConsentBrowser? browser = null) => (browser ?? Browser).OpenAsync(OtherReplica, back);

    public async ValueTask DisposeAsync()
    {
        await Replica.DisposeAsync();
        await OtherReplica.DisposeAsync();
        var secrets = Secrets();
        Assert.All(browsers.SelectMany(browser => browser.Visits), visit =>
        {
            Headers.Check(visit, Test.PublicUrl!);
            Assert.DoesNotContain(secrets, secret => visit.Text.Contains(secret, StringComparison.Ordinal));
        });
        SecretSearch.Check(Test.Record, Test.Logs, secrets);
        await Test.DisposeAsync();
        browsers.ForEach(browser => browser.Dispose());
    }

    // What SecretSearch cannot know: the provider never sees a cookie, and a state is no secret of the provider's.
    private List<string> Secrets() =>
        [
            .. Test.Provider.Ledger.AllSecretsIssued(),
            .. states,
            .. browsers.SelectMany(browser => browser.Cookies.Values),
            .. Test
                .Record.Of<Secret>()
                .SelectMany(secret => GrantSecret.Read(secret).Attempts)
                .Select(attempt => attempt.CodeVerifier.Reveal()),
        ];
}
