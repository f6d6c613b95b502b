using System.Net;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Dashboard;
using VismaOperator.Cli.Status;
using VismaOperator.Tests.Status;

namespace VismaOperator.Tests.Dashboard;

/// <summary>What is shown: the same as <c>status</c>, found by what somebody looks for, and nothing that is secret.</summary>
public sealed class DashboardViewTests
{
    // Sets are not on the page; their connections are.
    private static readonly IResource[] everything =
        [.. Situations.All.Select(one => one.Subject).Where(one => one is not VismaConnectionSet).DistinctBy(Key)];

    private static readonly string[] times = ["issued", "nextTime", "expires", "consentEnds", "secretEnds"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_broken_ones_come_first_in_the_order_of_status_with_cause_and_remedy()
    {
        await using var scene = await DashboardScene.StartAsync(everything);
        using var browser = await scene.EnterAsync();

        var view = await browser.LookAsync();

        var items = view["items"]!.AsArray();
        var entries = everything.Select(one => StatusView.EntryOf(one, Situations.Now)).Order(StatusOrder.BrokenFirst).ToList();
        Assert.Equal(entries.Select(entry => entry.Name), items.Select(item => (string)item!["name"]!));
        Assert.Equal(entries.Select(entry => entry.State.ToString()), items.Select(item => (string)item!["state"]!));
        Assert.Equal(entries.Count(entry => entry.Broken), (int)view["broken"]!);
        Assert.Equal(DashboardScene.Source, (string)view["source"]!);
        var stalled = items.First(item => (string)item!["name"]! == "not-approved")!;
        Assert.Equal("TenantRefused", (string)stalled["reason"]!);
        Assert.StartsWith("The provider refused with invalid_tenant", (string)stalled["message"]!, StringComparison.Ordinal);
        Assert.StartsWith("see Why; it is tried again at once", (string)stalled["toDo"]!, StringComparison.Ordinal);
        Assert.All(items.Where(item => (string)item!["state"]! == "Ready"), item => Assert.Null(item!["toDo"]));
    }

    [Fact]
    public async Task All_known_times_of_a_connection_are_there_those_of_its_client_too()
    {
        var interactive = One<VismaConnection>("consent-ends");
        var client = One<OAuthClient>("ending");
        var connection = interactive with
        {
            Spec = interactive.Spec with { OAuthClientRef = new OAuthClientReference { Name = "ending" } },
        };
        await using var scene = await DashboardScene.StartAsync(connection, client);
        using var browser = await scene.EnterAsync();

        var item = (await browser.LookAsync("?kind=VismaConnection"))["items"]!.AsArray().Single()!;

        Assert.Equal(
            ["2026-11-30T11:40:00Z", "2026-11-30T12:20:00Z", "2026-11-30T12:40:00Z", "2026-12-12T12:00:00Z", "2026-12-06T12:00:00Z"],
            times.Select(name => (string)item[name]!)
        );
    }

    [Theory]
    [InlineData("?q=outage", "outage,outage-dead,outage-long")]
    [InlineData("?q=OUTAGE+long", "outage-long")]
    [InlineData("?q=TenantRefused&state=Stalled", "not-approved")]
    [InlineData("?q=nobody-is-named-so", "")]
    [InlineData("?q=behalf+of&state=Warning", "consent-ends")]
    [InlineData("?kind=OAuthClient", "acme,ending,refused-dead")]
    [InlineData("?namespace=elsewhere", "")]
    [InlineData("?state=Suspended&state=Expired", "operator-gone,suspended")]
    public async Task Words_states_kinds_and_namespaces_choose_what_is_listed(string query, string expected)
    {
        await using var scene = await DashboardScene.StartAsync(everything.Where(one => Key(one) != "VismaConnection acme").ToList());
        using var browser = await scene.EnterAsync();

        var view = await browser.LookAsync(query);

        Assert.Equal(
            expected.Split(',', StringSplitOptions.RemoveEmptyEntries),
            view["items"]!.AsArray().Select(item => (string)item!["name"]!).Order(StringComparer.Ordinal)
        );
        Assert.Equal(everything.Length - 1, (int)view["total"]!);
    }

    [Theory]
    [InlineData("ends", "operator-gone")]
    [InlineData("expiry", "operator-gone")]
    [InlineData("since", "no-client")]
    [InlineData("name", "acme")]
    [InlineData("nonsense", "acme")]
    [InlineData("7", "acme")]
    public async Task The_order_can_be_chosen(string sort, string first)
    {
        await using var scene = await DashboardScene.StartAsync(everything);
        using var browser = await scene.EnterAsync();

        var names = (await browser.LookAsync($"?sort={sort}"))["items"]!.AsArray().Select(item => (string)item!["name"]!).ToList();

        Assert.Equal(everything.Length, names.Count);
        Assert.Equal(first, names[0]);
    }

    [Fact]
    public async Task Of_ten_thousand_connections_a_page_gets_the_first_hundred_and_finds_each()
    {
        await using var scene = await DashboardScene.StartAsync(
            [
                .. Enumerable.Range(0, 9_999).Select(number => Situations.Healthy($"c{number:00000}")),
                Situations.Stalled("z-broken"),
            ]
        );
        using var browser = await scene.EnterAsync();

        var view = await browser.LookAsync();
        var more = await browser.LookAsync("?count=200");
        var found = await browser.LookAsync("?q=c09876");

        Assert.Equal((10_000, 1, 100), ((int)view["total"]!, (int)view["broken"]!, view["items"]!.AsArray().Count));
        Assert.Equal("z-broken", (string)view["items"]![0]!["name"]!);
        Assert.InRange(view.ToJsonString().Length, 0, 100_000);
        Assert.Equal(200, more["items"]!.AsArray().Count);
        Assert.Equal((1, "c09876"), ((int)found["matches"]!, (string)found["items"]![0]!["name"]!));
    }

    [Theory]
    [InlineData("kind=VismaConnection&namespace=integrations&name=not-approved", "not-approved")]
    [InlineData("kind=OAuthClient&namespace=integrations&name=ending", "ending")]
    public async Task One_object_in_full_has_the_words_of_status(string query, string name)
    {
        await using var scene = await DashboardScene.StartAsync(everything);
        using var browser = await scene.EnterAsync();

        var parts = JsonNode.Parse(await browser.ReadAsync("object?" + query))!["parts"]!.AsArray();

        var texts = parts.ToDictionary(part => (string)part!["label"]!, part => (string)part!["text"]!);
        Assert.Contains("Why", texts.Keys);
        Assert.Contains("Next", texts.Keys);
        Assert.Contains("To do", texts.Keys);
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await browser.GetAsync($"{browser.Folder}object?{query.Replace(name, "gone", StringComparison.Ordinal)}")).StatusCode
        );
    }

    [Fact]
    public async Task What_is_secret_or_begins_a_consent_is_nowhere()
    {
        await using var scene = await DashboardScene.StartAsync(everything);
        using var browser = await scene.EnterAsync();

        var all = (await browser.LookAsync("?count=1000")).ToJsonString();
        foreach (var one in everything)
        {
            var query = $"kind={StatusView.KindOf(one).Kind}&namespace={one.Metadata.Namespace}&name={one.Metadata.Name}";
            all += await browser.ReadAsync("object?" + query);
        }

        Assert.Contains("AwaitingConsent", all, StringComparison.Ordinal);
        Assert.DoesNotContain("unguessable-start-link", all, StringComparison.Ordinal);
        Assert.DoesNotContain("fingerprint-of", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_two_kinds_are_read()
    {
        HashSet<ResourceKind> asked = [];
        await using var scene = await DashboardScene.StartAsync(
            speed: 20,
            cluster => cluster.Before = (_, kind, _) =>
            {
                lock (asked)
                {
                    asked.Add(kind);
                }

                return Task.CompletedTask;
            },
            everything
        );
        using var browser = await scene.EnterAsync();
        using var stream = await browser.FollowAsync();
        for (var beat = 0; beat < 5; beat++)
        {
            await stream.NextAsync(Ct);
        }

        Assert.Equal([OAuthClient.ResourceKind, VismaConnection.ResourceKind], asked.OrderBy(kind => kind.Kind, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Hostile_text_arrives_without_what_controls_hides_or_turns_and_not_longer_than_a_row_can_show()
    {
        const string Hostile = "<img src=x onerror=alert(1)>\u202e\u0000\u001b[31m\u2028\n\u200b&amp;'\"";
        var message = Hostile + string.Concat(Enumerable.Repeat("😀", 20_000));
        var hostile = Situations.Stalled("hostile") with
        {
            Spec = Situations.Stalled("hostile").Spec with { DisplayName = Hostile },
            Status = new VismaConnectionStatus
            {
                ObservedGeneration = 1,
                Conditions =
                [
                    Situations.Condition("Ready", "False", Hostile, message, 1),
                    Situations.Condition("Stalled", "True", Hostile, message, 1),
                ],
            },
        };
        await using var scene = await DashboardScene.StartAsync(hostile);
        using var browser = await scene.EnterAsync();

        using var stream = await browser.FollowAsync();
        var (name, data) = await stream.NextAsync(Ct);
        var item = JsonNode.Parse(data)!["items"]![0]!;
        var detail = await browser.ReadAsync("object?kind=VismaConnection&namespace=integrations&name=hostile");

        Assert.Equal("view", name);
        Assert.DoesNotMatch("[<>\u202e\u2028\u200b\u001b]", data + detail);
        const string Shown = "<img src=x onerror=alert(1)>???[31m???&amp;'\"";
        Assert.Equal((Shown, Shown), ((string)item["displayName"]!, (string)item["reason"]!));
        Assert.InRange(((string)item["message"]!).Length, 999, 1001);
        Assert.DoesNotContain("\ufffd", (string)item["message"]!, StringComparison.Ordinal); // no half of a pair
    }

    [Fact]
    public async Task A_browser_that_opens_hears_no_address_in_the_terminal()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var browser = new OpeningBrowser(stop);

        var output = await DashboardScene.RunToEndAsync(_ => { }, new DashboardOptions(), browser, stop.Token);

        Assert.StartsWith("http://127.0.0.1:", browser.Opened!.AbsoluteUri, StringComparison.Ordinal);
        Assert.Contains("The browser is open.", output, StringComparison.Ordinal);
        Assert.DoesNotContain("token=", output, StringComparison.Ordinal);
    }

    private static string Key(IResource resource) => $"{StatusView.KindOf(resource).Kind} {resource.Metadata.Name}";

    private static T One<T>(string name)
        where T : IResource => everything.OfType<T>().Single(one => one.Metadata.Name == name);

    private sealed class OpeningBrowser(CancellationTokenSource stop) : IBrowser
    {
        public Uri? Opened { get; private set; }

        public async Task<bool> OpenAsync(Uri page, CancellationToken cancellationToken)
        {
            Opened = page;
            await stop.CancelAsync();
            return true;
        }
    }
}
