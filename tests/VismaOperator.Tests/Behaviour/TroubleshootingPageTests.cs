using System.Text.RegularExpressions;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using Lifecycle;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// The messages that <c>docs/troubleshooting.md</c> quotes are those that the operator writes. Each stands in a block behind a comment
/// <c>message: NAME</c>; <c>make docs</c> writes the blocks again.
/// </summary>
public sealed partial class TroubleshootingPageTests
{
    private static readonly Fault.Answer down = new(503, "Service Unavailable", "text/plain", new Dictionary<string, string>());
    private static readonly Fault.Answer page = new(200, "<html>Sign in</html>", "text/html", new Dictionary<string, string>());

    /// <summary>What goes wrong, and the condition that tells it.</summary>
    private static readonly Dictionary<string, Func<Task<string>>> messages = new()
    {
        ["ClientRefused"] = () => StalledAsync("ClientRefused", credentials: Some.Credentials("\"in-quotes\"")),
        ["TenantRefused"] = () => StalledAsync("TenantRefused", change: spec => spec with { TenantId = Some.UnapprovedTenant }),
        ["ScopeRefused"] = () => StalledAsync("ScopeRefused", change: spec => spec with { Scopes = ["vismanet_erp_service_api:fly"] }),
        ["GrantTypeRefused"] = () => StalledAsync("GrantTypeRefused", prepare: OnlyForPeople),
        ["ScopesMissing"] = ScopesMissingAsync,
        ["ProviderUnavailable"] = () => FailingAsync(test => test.Provider.Faults.Always(down), "TokenFresh"),
        ["AnswerNotUnderstood"] = () => FailingAsync(test => test.Provider.Faults.Always(page), "TokenFresh"),
        ["MetadataUnusable"] = () => NotReadyAsync("MetadataUnusable", test => test.Provider.Faults.Always(down, StandInEndpoint.Metadata)),
        ["ClockSkewed"] = ClockSkewedAsync,
        ["SecretNotFound"] = () => StalledAsync(
            "SecretNotFound",
            isLate: true,
            prepare: test => test.DeleteAsync<Secret>("acme-credentials")
        ),
        ["SecretKeyNotFound"] = () => StalledAsync("SecretKeyNotFound", isLate: true, credentials: Some.Credentials() with
        {
            Data = new Dictionary<string, SecretValue> { ["secret"] = SecretValue.FromText(Some.ClientSecret) },
        }),
        ["ClientNotAvailable"] = () => StalledAsync("ClientNotAvailable", isLate: true, ns: "customer-a"),
        ["TenantNotAllowed"] = () => StalledAsync(
            "TenantNotAllowed",
            prepare: test => test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.OtherTenant}}"}]}""")
        ),
        ["IssuerNotAllowed"] = () => StalledAsync(
            "IssuerNotAllowed",
            prepare: test => test.ChangeClientAsync("""{"issuer": "https://login.example.com"}""")
        ),
        ["ApiHostNotAllowed"] = () => StalledAsync(
            "ApiHostNotAllowed",
            change: spec => spec with { BaseUrl = "https://erp.example.com/v1" }
        ),
        ["InvalidSpec"] = () => StalledAsync("InvalidSpec", change: spec => spec with { TenantId = "acme" }),
        ["SecretNotOwned"] = () => StalledAsync(
            "SecretNotOwned",
            prepare: test => test.ApplyAsync(Some.Credentials("not-yours-to-overwrite", "acme-production-token"))
        ),
        ["SecretForbidden"] = () => LastingAsync("403", "SecretForbidden"),
        ["AdmissionPolicy"] = () => LastingAsync("403 policy", "SecretForbidden"),
        ["SecretNotWritten"] = () => LastingAsync("500", "SecretNotWritten"),
        ["AwaitingConsent"] = AwaitingConsentAsync,
        ["ConsentRequired"] = ConsentRequiredAsync,
        ["ApiUnauthorized"] = () => Probe(new ProbeOutcome.Unauthorized()),
        ["ApiForbidden"] = () => Probe(new ProbeOutcome.Forbidden()),
        ["ApiPathNotFound"] = () => Probe(new ProbeOutcome.NotFound()),
        ["ApiCompanyRefused"] = () => Probe(new ProbeOutcome.CompanyRefused()),
        ["ApiRateLimited"] = () => Probe(new ProbeOutcome.RateLimited()),
        ["ApiUnavailable"] = () => Probe(new ProbeOutcome.Unavailable("no answer within 10 s")),
    };

    private static string File { get; } = Repository.Path("docs", "troubleshooting.md");

    /// <summary>The names.</summary>
    public static TheoryData<string> Names() => [.. messages.Keys];

    [Theory]
    [Trait("Category", "Docs")]
    [MemberData(nameof(Names))]
    public async Task The_page_quotes_what_the_operator_writes(string name)
    {
        var said = (await messages[name]()).Wrapped();
        var text = await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken);
        var block = Assert.Single(Block().Matches(text), match => match.Groups["name"].Value == name).Groups["text"];
        if (Environment.GetEnvironmentVariable("WRITE_DOCS") == "1")
        {
            var written = text[..block.Index] + said + text[(block.Index + block.Length)..];
            await System.IO.File.WriteAllTextAsync(File, written, TestContext.Current.CancellationToken);
            return;
        }

        Assert.True(block.Value == said, $"docs/troubleshooting.md does not say what {name} says: run `make docs`. It says now:\n{said}");
    }

    [Fact]
    public void The_page_quotes_nothing_else() =>
        Assert.Equal(
            messages.Keys.Order(StringComparer.Ordinal),
            Block().Matches(System.IO.File.ReadAllText(File)).Select(match => match.Groups["name"].Value).Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Every_reason_that_it_names_is_one_of_the_reference()
    {
        var reference = System.IO.File.ReadAllText(Repository.Path("docs", "reference", "conditions.md"));
        var named = Code().Matches(System.IO.File.ReadAllText(File)).Select(match => match.Groups["name"].Value).Distinct().ToList();

        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains($"`{name}`", reference, StringComparison.Ordinal));
    }

    private static async Task<string> StalledAsync(
        string reason,
        Secret? credentials = null,
        Func<VismaConnectionSpec, VismaConnectionSpec>? change = null,
        Func<TestOperator, Task>? prepare = null,
        bool isLate = false,
        string ns = Some.Namespace
    )
    {
        await using var test = await StartAsync(credentials, prepare);
        await test.ApplyAsync(Some.VismaConnection(ns: ns).With(change ?? (spec => spec)));
        if (isLate)
        {
            await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is("Reconciling", "True"), ns);
            await test.AdvanceAsync(TimeSpan.FromSeconds(61));
        }

        var stalled = await test.UntilStalledAsync(reason, ns: ns);
        return Readable(test, stalled.Condition("Stalled")!.Message);
    }

    private static async Task<string> NotReadyAsync(string reason, Action<TestOperator> spoil)
    {
        await using var test = await TestOperator.StartAsync(spoil);
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());
        var failing = await test.UntilAsync<VismaConnection>(
            Some.Connection,
            connection => connection.Condition("Ready")?.Reason == reason
        );
        return Readable(test, failing.Condition("Ready")!.Message);
    }

    // What a renewal says that fails, while the token is good.
    private static async Task<string> FailingAsync(Action<TestOperator> spoil, string type)
    {
        await using var test = await TestOperator.StartReadyAsync();
        spoil(test);
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        var failing = await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is(type, "False"));
        return Readable(test, failing.Condition(type)!.Message);
    }

    private static async Task<string> LastingAsync(string failure, string reason)
    {
        await using var test = await StartAsync();
        new ApiFaults(test).Inject(failure, ClusterVerb.Create, Secret.ResourceKind, "acme-production-token");
        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilIdleAsync();
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1));
        var failing = await test.UntilAsync<VismaConnection>(
            Some.Connection,
            connection => connection.Condition("Ready")?.Reason == reason
        );
        return Readable(test, failing.Condition("Ready")!.Message);
    }

    private static async Task<string> ScopesMissingAsync()
    {
        await using var test = await StartAsync();
        test.Provider.Portal.Set(test.Provider.Portal.FindClient(Some.ClientId)! with { GrantedScopes = [Some.Scopes[0]] });
        await test.ApplyAsync(Some.VismaConnection());
        var granted = await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is("ScopesGranted", "False"));
        return Readable(test, granted.Condition("ScopesGranted")!.Message);
    }

    private static async Task<string> ClockSkewedAsync()
    {
        await using var test = await TestOperator.StartReadyAsync(prepared => prepared.Provider.ClockOffset = TimeSpan.FromMinutes(-10));
        return Readable(test, Assert.Single(test.EventsAbout(Some.Client), told => told.Reason == "ClockSkewed").Note!);
    }

    private static async Task<string> AwaitingConsentAsync()
    {
        await using var test = await SomeConsents.StartInteractiveAsync();
        return Readable(test, (await test.ConnectionAsync()).Condition("Ready")!.Message);
    }

    private static async Task<string> ConsentRequiredAsync()
    {
        await using var test = await SomeConsents.StartConsentedAsync();
        test.Provider.Faults.Always(
            new Fault.Answer(400, """{"error": "invalid_grant"}""", "application/json", new Dictionary<string, string>())
        );
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        return Readable(test, (await test.UntilStalledAsync("ConsentRequired")).Condition("Stalled")!.Message);
    }

    private static Task<string> Probe(ProbeOutcome outcome) =>
        Task.FromResult(
            outcome.Explain(new ProbeContext("https://api.finance.visma.net/v1/dimension", Some.Tenant, Some.Scopes[0])).Message
        );

    private static async Task<TestOperator> StartAsync(Secret? credentials = null, Func<TestOperator, Task>? prepare = null)
    {
        var test = await TestOperator.StartAsync();
        await test.ApplyAsync(credentials ?? Some.Credentials());
        await test.ApplyAsync(test.Client());
        await (prepare?.Invoke(test) ?? Task.CompletedTask);
        await test.UntilIdleAsync();
        return test;
    }

    private static Task OnlyForPeople(TestOperator test)
    {
        test.Provider.Portal.Set(test.Provider.Portal.FindClient(Some.ClientId)! with { AllowedGrants = ["authorization_code"] });
        return Task.CompletedTask;
    }

    // The stand-in has another port each time.
    private static string Readable(TestOperator test, string message) =>
        message
            .Replace(test.Provider.Issuer.OriginalString.TrimEnd('/'), "https://connect.visma.com", StringComparison.Ordinal)
            .Replace(test.Provider.Issuer.Authority, "connect.visma.com", StringComparison.Ordinal)
            .Replace("127.0.0.1", "connect.visma.com", StringComparison.Ordinal);

    [GeneratedRegex("<!-- message: (?<name>[A-Za-z]+) -->\n\n```text\n(?<text>[^`]*)\n```", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Block();

    [GeneratedRegex("`(?<name>[A-Z][a-z]+[A-Z][A-Za-z]+)`", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Code();
}
