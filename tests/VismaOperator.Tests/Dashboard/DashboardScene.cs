using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Logging.Abstractions;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Dashboard;
using VismaOperator.Cli.Status;
using VismaOperator.Tests.Status;

namespace VismaOperator.Tests.Dashboard;

/// <summary><c>dashboard</c> over a cluster in memory, with a browser that speaks real HTTP.</summary>
internal sealed class DashboardScene : IAsyncDisposable
{
    public const string Source = "cluster https://cluster.example.com/, namespace integrations";

    private readonly LiveText output = new();
    private readonly LiveText error = new();
    private readonly CancellationTokenSource ctrlC = new();
    private Task running = Task.CompletedTask;

    private DashboardScene(TimeProvider time) => Cluster = new FaultyCluster(time);

    public FaultyCluster Cluster { get; }

    /// <summary>The address that the terminal shows.</summary>
    public Uri Address { get; private set; } = null!;

    public string Output => output.Text;

    public string Error => error.Text;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static Task<DashboardScene> StartAsync(params IReadOnlyList<IResource> resources) => StartAsync(speed: 1, resources);

    /// <summary>Starts it with a clock that runs faster.</summary>
    public static Task<DashboardScene> StartAsync(int speed, params IReadOnlyList<IResource> resources) =>
        StartAsync(speed, _ => { }, resources);

    /// <summary>The same over a cluster that was made to fail before.</summary>
    public static async Task<DashboardScene> StartAsync(
        int speed,
        Action<FaultyCluster> arrange,
        params IReadOnlyList<IResource> resources
    )
    {
        var time = new RunningTime(Situations.Now, speed);
        var scene = new DashboardScene(time);
        StatusScene.Fill(scene.Cluster, resources);
        arrange(scene.Cluster);
        scene.running = scene.RunAsync(time, new NoBrowser(), new DashboardOptions { Browser = BrowserUse.Printed }, scene.ctrlC.Token);
        await scene.output.UntilAsync("?token=", Ct);
        await scene.output.UntilAsync("\n", Ct);
        scene.Address = new Uri(scene.Output.Split('\n').Single(line => line.StartsWith("http", StringComparison.Ordinal)));
        return scene;
    }

    /// <summary>Runs the verb until it ends by itself, or is stopped.</summary>
    /// <returns>What it printed.</returns>
    public static async Task<string> RunToEndAsync(
        Action<FaultyCluster> arrange,
        DashboardOptions options,
        IBrowser browser,
        CancellationToken stop
    )
    {
        var time = new RunningTime(Situations.Now, 1);
        var scene = new DashboardScene(time);
        arrange(scene.Cluster);
        await scene.RunAsync(time, browser, options, stop);
        return scene.Output;
    }

    /// <summary>A browser that was let in by the address.</summary>
    public Task<DashboardBrowser> EnterAsync() => DashboardBrowser.EnterAsync(Address);

    public async Task StopAsync()
    {
        await ctrlC.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(30), Ct);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        ctrlC.Dispose();
        output.Dispose();
        error.Dispose();
    }

    private Task RunAsync(TimeProvider time, IBrowser browser, DashboardOptions options, CancellationToken stop) =>
        new DashboardRun(
            options,
            new DashboardTools
            {
                Screen = new StatusScreen(output, error, time, "visma-operator"),
                Source = Source,
                Browser = browser,
                RandomBytes = RandomNumberGenerator.GetBytes,
            }
        ).RunAsync(
            failed => new ClusterStatusSource(
                Cluster,
                "https://cluster.example.com/",
                new ResourceSelector(Support.Some.Namespace),
                time,
                NullLogger.Instance,
                failed
            ),
            stop
        );

    private sealed class NoBrowser : IBrowser
    {
        public Task<bool> OpenAsync(Uri page, CancellationToken cancellationToken) => Task.FromResult(false);
    }
}

/// <summary>One browser: its cookies, and what it was let in with.</summary>
internal sealed class DashboardBrowser : IDisposable
{
    private readonly CookieContainer cookies = new();
    private readonly HttpClient client;

    public DashboardBrowser(Uri origin) =>
        client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = cookies }) { BaseAddress = origin };

    /// <summary>Opens the address of the terminal.</summary>
    public static async Task<DashboardBrowser> EnterAsync(Uri address)
    {
        var browser = new DashboardBrowser(new Uri(address, "/"));
        var entered = await browser.GetAsync(address.PathAndQuery);
        Assert.Equal(HttpStatusCode.SeeOther, entered.StatusCode);
        browser.Folder = entered.Headers.Location!.OriginalString;
        return browser;
    }

    /// <summary>What it sends below the folder.</summary>
    public string Cookie => cookies.GetCookieHeader(new Uri(client.BaseAddress!, Folder));

    public string Folder { get; set; } = "/";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, headers);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
    }

    public async Task<string> ReadAsync(string path)
    {
        using var answer = await GetAsync(Folder + path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(Ct);
    }

    /// <summary>Opens the stream of views.</summary>
    public async Task<DashboardStream> FollowAsync(string query = "")
    {
        var answer = await GetAsync($"{Folder}events{query}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return new DashboardStream(answer, await answer.Content.ReadAsStreamAsync(Ct));
    }

    /// <summary>The first view of a query.</summary>
    public async Task<JsonNode> LookAsync(string query = "")
    {
        using var stream = await FollowAsync(query);
        return await stream.UntilAsync(_ => true);
    }

    public void Dispose() => client.Dispose();
}

/// <summary>Server-sent events as a browser reads them.</summary>
internal sealed class DashboardStream(HttpResponseMessage answer, Stream stream) : IDisposable
{
    private readonly StreamReader reader = new(stream);

    public HttpResponseMessage Answer => answer;

    /// <summary>The next view that is as wanted.</summary>
    public async Task<JsonNode> UntilAsync(Func<JsonNode, bool> isWanted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            var (name, data) = await NextAsync(limit.Token);
            if (name == "view" && JsonNode.Parse(data)! is var view && isWanted(view))
            {
                return view;
            }
        }
    }

    /// <summary>The next event.</summary>
    public async Task<(string Name, string Data)> NextAsync(CancellationToken cancellationToken)
    {
        var (name, data) = (string.Empty, string.Empty);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0)
            {
                return (name, data);
            }

            (name, data) = line.StartsWith("event: ", StringComparison.Ordinal) ? (line[7..], data) : (name, line[6..]);
        }

        throw new EndOfStreamException();
    }

    public void Dispose()
    {
        reader.Dispose();
        answer.Dispose();
    }
}

/// <summary>A clock that begins at a time, and runs as fast as it is told.</summary>
internal sealed class RunningTime(DateTimeOffset start, int speed) : TimeProvider
{
    private readonly long begun = System.GetTimestamp();

    public override long TimestampFrequency => System.TimestampFrequency / speed;

    public override DateTimeOffset GetUtcNow() => start + (System.GetElapsedTime(begun) * speed);

    public override long GetTimestamp() => System.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Faster(System.CreateTimer(callback, state, Real(dueTime), Real(period)), Real);

    private TimeSpan Real(TimeSpan span) => span <= TimeSpan.Zero ? span : span / speed;

    private sealed class Faster(ITimer timer, Func<TimeSpan, TimeSpan> real) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(real(dueTime), real(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
