using System.Security.Cryptography.X509Certificates;
using Kubernetes.Client.Access;
using Kubernetes.Client.Contract;
using Kubernetes.Client.Tests.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace Kubernetes.Client.Tests.Http;

/// <summary>
/// Client certificates that live for minutes: an exec plugin hands out another one, and no connection keeps using the old one.
/// </summary>
public sealed class RenewedCertificateTests : IDisposable
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(30);
    private static readonly DateTimeOffset start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TestCertificates certificates = new();
    private readonly TemporaryFolder folder = new();

    public static TheoryData<HttpProtocols> Protocols => [HttpProtocols.Http1, HttpProtocols.Http1AndHttp2];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        folder.Dispose();
        certificates.Dispose();
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Another_certificate_is_presented_at_once(HttpProtocols protocols)
    {
        await using var server = await StartAsync((_, context) => context.SendAsync(Answers.Widget("one", 1)), protocols);
        HandOut("CN=first", expires: start.AddMinutes(5));
        using var test = new ClientUnderTest(Access(server));
        await FindAsync(test);
        HandOut("CN=second", expires: start.AddMinutes(10));
        await FindAsync(test);

        test.Clock.Advance(TimeSpan.FromSeconds(271)); // the plugin is asked half a minute before the end
        await FindAsync(test);

        Assert.Equal(["CN=first", "CN=first", "CN=second"], server.Requests.Select(request => request.ClientCertificate));
        Assert.Equal(2, Runs());
    }

    [Fact]
    public async Task The_end_of_the_certificate_counts_where_the_plugin_names_none()
    {
        await using var server = await StartAsync((_, context) => context.SendAsync(Answers.Widget("one", 1)));
        HandOut("CN=first", until: start.AddMinutes(5));
        using var test = new ClientUnderTest(Access(server));
        await FindAsync(test);
        HandOut("CN=second", until: start.AddMinutes(10));

        test.Clock.Advance(TimeSpan.FromSeconds(271));
        await FindAsync(test);

        Assert.Equal(["CN=first", "CN=second"], server.Requests.Select(request => request.ClientCertificate));
    }

    [Fact]
    public async Task A_refused_certificate_is_renewed_and_the_request_repeated()
    {
        await using var server = await StartAsync(
            (_, context) =>
                context.Connection.ClientCertificate!.Subject == "CN=second"
                    ? context.SendAsync(Answers.Widget("one", 1))
                    : context.SendAsync(Answers.Status(401, "Unauthorized", "Unauthorized"), 401)
        );
        HandOut("CN=first");
        using var test = new ClientUnderTest(Access(server));
        await Assert.ThrowsAsync<KubernetesException>(() => FindAsync(test));
        Assert.Single(server.Requests); // the plugin gave the same certificate again
        HandOut("CN=second");

        Assert.NotNull(await FindAsync(test));

        Assert.Equal(["CN=first", "CN=first", "CN=second"], server.Requests.Select(request => request.ClientCertificate));
    }

    [Fact]
    public async Task A_watch_ends_when_another_certificate_is_there()
    {
        await using var server = await StartAsync(AnswerAsync);
        HandOut("CN=first", expires: start.AddMinutes(5));
        using var test = new ClientUnderTest(Access(server));
        await using var watch = Watch(test);
        await watch.NextAppliedAsync();
        var next = watch.NextAsync();
        HandOut("CN=second", expires: start.AddMinutes(10));
        test.Clock.Advance(TimeSpan.FromSeconds(271));
        await using var another = Watch(test);

        await another.NextAppliedAsync();

        Assert.Null(await next);
        Assert.Equal("CN=second", server.Requests.Last().ClientCertificate);
    }

    [Fact]
    public async Task A_watch_ends_with_its_certificate_although_nothing_else_is_asked()
    {
        await using var server = await StartAsync(AnswerAsync);
        HandOut("CN=first", until: start.AddMinutes(2));
        using var test = new ClientUnderTest(Access(server));
        await using var watch = Watch(test);
        await watch.NextAppliedAsync();
        var next = watch.NextAsync();

        test.Clock.Advance(TimeSpan.FromSeconds(119));
        var early = next.IsCompleted;
        test.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Null(await next);
        Assert.False(early);
    }

    [Fact]
    public async Task A_certificate_that_is_out_of_date_here_leaves_watches_alone()
    {
        // The server's clock decides. A watch that ended at once would be opened again at once.
        var goOn = new SemaphoreSlim(0);
        await using var server = await StartAsync(async (server, context) =>
        {
            await context.FlushAsync(Answers.Event("ADDED", Answers.Widget("a", 8)));
            await goOn.WaitAsync(server.Stopping);
            await context.FlushAsync(Answers.Event("ADDED", Answers.Widget("b", 9)));
        });
        HandOut("CN=first", until: start.AddMinutes(-2));
        using var test = new ClientUnderTest(Access(server));
        await using var watch = Watch(test);
        await watch.NextAppliedAsync();

        test.Clock.Advance(TimeSpan.FromSeconds(30));
        goOn.Release();

        Assert.Equal("b", (await watch.NextAppliedAsync()).Metadata.Name);
        Assert.Equal(1, Runs());
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task An_answer_that_is_being_read_arrives_whole(HttpProtocols protocols)
    {
        var (begun, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var server = await StartAsync(
            async (_, context) =>
            {
                var json = Answers.Widget("one", 1);
                await context.FlushAsync(json[..10]);
                if (begun.TrySetResult())
                {
                    await goOn.Task.WaitAsync(patience, TimeProvider.System, CancellationToken.None);
                }

                await context.FlushAsync(json[10..]);
            },
            protocols
        );
        HandOut("CN=first", expires: start.AddMinutes(5));
        using var test = new ClientUnderTest(Access(server));
        test.Clock.Advance(TimeSpan.FromSeconds(269));
        var slow = FindAsync(test);
        await begun.Task.WaitAsync(patience, Cancellation);
        HandOut("CN=second", expires: start.AddMinutes(10));
        test.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.NotNull(await FindAsync(test));

        goOn.SetResult();

        Assert.NotNull(await slow);
    }

    private static Task AnswerAsync(ScriptedApiServer server, HttpContext context) =>
        context.Request.Query.ContainsKey("watch")
            ? HoldAsync(server, context)
            : context.SendAsync(Answers.Widget("one", 1));

    private static async Task HoldAsync(ScriptedApiServer server, HttpContext context)
    {
        await context.FlushAsync(Answers.Event("ADDED", Answers.Widget("a", 8)));
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, server.Stopping);
    }

    private static Task<Widget?> FindAsync(ClientUnderTest test) => test.Client.FindAsync<Widget>(Some.Named("one"), Cancellation);

    private static WatchLog<Widget> Watch(ClientUnderTest test) =>
        new(test.Client.WatchAsync<Widget>(ResourceSelector.All, "7", Cancellation));

    private Task<ScriptedApiServer> StartAsync(
        Func<ScriptedApiServer, HttpContext, Task> answer,
        HttpProtocols protocols = HttpProtocols.Http1AndHttp2
    ) => ScriptedApiServer.StartAsync(answer, new ScriptedTls(certificates.Server, certificates.Authority, protocols));

    private int Runs() => File.ReadAllLines(Path.Combine(folder.Path, "runs")).Length;

    private void HandOut(string subject, DateTimeOffset? expires = null, DateTimeOffset? until = null)
    {
        using var certificate = certificates.SignClient(subject, until);
        var pem = certificate.ExportCertificatePem().ReplaceLineEndings("\\n");
        var key = certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem().ReplaceLineEndings("\\n");
        var expiry = expires is { } instant ? $",\"expirationTimestamp\":\"{instant:yyyy-MM-ddTHH:mm:ssZ}\"" : string.Empty;
        folder.Write(
            "answer.json",
            $$$"""{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"clientCertificateData":"{{{pem}}}","clientKeyData":"{{{key}}}"{{{expiry}}}}}"""
        );
    }

    private ClusterAccess Access(ScriptedApiServer server)
    {
        var plugin = folder.Write("plugin.sh", $"cd '{folder.Path}'; echo run >>runs; cat answer.json\n");
        folder.Write("ca.crt", certificates.Authority.ExportCertificatePem());
        return ClusterAccess.Load(folder.Write("config", $$$"""
            apiVersion: v1
            kind: Config
            current-context: c
            contexts:
            - {name: c, context: {cluster: k, user: u}}
            clusters:
            - {name: k, cluster: {server: "{{{server.Address}}}", certificate-authority: ca.crt}}
            users:
            - name: u
              user:
                exec:
                  apiVersion: client.authentication.k8s.io/v1
                  interactiveMode: Never
                  command: /bin/sh
                  args: ["{{{plugin}}}"]
            """));
    }
}
