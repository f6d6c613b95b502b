using System.Text.Json.Nodes;
using Kubernetes.Client;
using Microsoft.Extensions.Logging.Abstractions;
using VismaOperator.Api;
using VismaOperator.Cli.Requests;
using VismaOperator.Tests.Status;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Requests;

/// <summary><c>probe</c>: what differs from <c>refresh</c>.</summary>
public sealed class ProbeRequestTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_sets_an_annotation_of_its_own()
    {
        using var scene = new StatusScene(Accepted("acme"));

        Assert.True(await RunAsync(scene, new RequestOptions()));

        var acme = (await scene.Cluster.FindAsync<VismaConnection>(new NamespacedName(Some.Namespace, "acme"), Ct))!;
        Assert.Equal("2026-11-30T12:00:00.000Z", acme.Metadata.Annotation(VismaNames.ProbeRequestedAtAnnotation));
        Assert.Null(acme.Metadata.Annotation(VismaNames.RequestedAtAnnotation));
        Assert.Equal("integrations/acme: probe asked for\n", scene.Output);
    }

    [Fact]
    public async Task Where_probes_are_off_or_there_is_no_token_nobody_is_asked()
    {
        var empty = Accepted("empty");
        using var scene = new StatusScene(
            Situations.Healthy("off"),
            empty with { Status = empty.Status with { Token = null } }
        );

        Assert.False(await RunAsync(scene, new RequestOptions()));

        Assert.Contains(
            "integrations/off: not asked for: probes are off. Set spec.probe.enabled to true first.\n",
            scene.Error,
            StringComparison.Ordinal
        );
        Assert.Contains("integrations/empty: not asked for: it has no token", scene.Error, StringComparison.Ordinal);
        Assert.Empty(scene.Output);
    }

    [Fact]
    public async Task It_waits_and_tells_what_the_API_said()
    {
        using var scene = new StatusScene(Accepted("acme"), Accepted("refused"));
        var running = RunAsync(scene, new RequestOptions { Wait = true });
        await scene.UntilAsync("refused: probe asked for");

        await AnswerAsync(scene, "acme", "True", "ApiAnswered", "GET … was answered: the API accepts the token.");
        await AnswerAsync(scene, "refused", "False", "ApiForbidden", "GET … was answered with 403.");

        Assert.False(await running);
        Assert.Contains("acme: probed: GET … was answered: the API accepts the token.\n", scene.Output, StringComparison.Ordinal);
        Assert.Contains(
            "integrations/refused: probed, and not accepted: ApiForbidden: GET … was answered with 403.\n",
            scene.Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_pause_that_the_API_asked_for_and_a_refusal_are_named_before_and_after_the_wait()
    {
        const string Limited = "GET … was answered with 429. The next probe waits until 2026-11-30 12:40:00Z, as the API asks.";
        using var scene = new StatusScene(
            Situations.Probed("limited", "False", "ApiRateLimited", Limited),
            Situations.Probed("refused", "False", "ApiForbidden", "GET … was answered with 403.")
        );
        var running = RunAsync(scene, new RequestOptions { Wait = true, Timeout = TimeSpan.FromSeconds(30) });

        await scene.UntilAsync("refused: it may take a while");
        Assert.Contains("limited: it may take a while. The API asked for a pause (429)", scene.Output, StringComparison.Ordinal);
        await scene.UntilWatchedAsync(1);
        scene.Time.Advance(TimeSpan.FromSeconds(30));

        Assert.False(await running);
        const string Late = "limited: no attempt was seen within 30s. It stays asked for. The API asked";
        Assert.Contains(Late, scene.Error, StringComparison.Ordinal);
        Assert.Contains("2026-11-30 12:40:00Z", scene.Error, StringComparison.Ordinal);
        Assert.Contains("The API refused the last probe (ApiForbidden)", scene.Error, StringComparison.Ordinal);
    }

    private static VismaConnection Accepted(string name) => Situations.Probed(name, "True", "ApiAnswered", "Fine.");

    private static Task<bool> RunAsync(StatusScene scene, RequestOptions options) =>
        new RequestRun(
            options with { Kind = RequestKind.Probe, Namespace = Some.Namespace },
            scene.Cluster,
            "https://cluster.example.com/",
            scene.Screen,
            NullLogger.Instance
        ).RunAsync(Ct);

    private static async Task AnswerAsync(StatusScene scene, string name, string status, string reason, string message)
    {
        var key = new NamespacedName(Some.Namespace, name);
        var asked = (await scene.Cluster.FindAsync<VismaConnection>(key, Ct))!;
        var answer = new JsonObject
        {
            ["lastHandledProbeAt"] = asked.Metadata.Annotation(VismaNames.ProbeRequestedAtAnnotation),
            ["conditions"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "TokenAccepted",
                    ["status"] = status,
                    ["reason"] = reason,
                    ["message"] = message,
                    ["lastTransitionTime"] = "2026-11-30T12:00:01Z",
                }
            ),
        };
        await scene.Cluster.PatchStatusAsync<VismaConnection>(key, new JsonObject { ["status"] = answer }, Ct);
    }
}
