using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests.Campaign;

/// <summary>The Pod that stands for an operator's process, as the chart and a kubelet would have it.</summary>
internal static class OperatorPod
{
    private const string Name = "pods/visma-operator-5d4f";

    private static readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false });

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Creates it in the scene's namespace, ready or not as the process says.</summary>
    public static async Task CreateAsync(Scene scene, IEnumerable<string> served)
    {
        var pod = JsonNode.Parse(
            """
            {"metadata": {"name": "visma-operator-5d4f",
              "labels": {"app.kubernetes.io/name": "visma-operator", "app.kubernetes.io/component": "operator"}},
             "spec": {"serviceAccountName": "visma-operator", "containers": [{"name": "operator", "image": "visma-operator"}]}}
            """
        )!;
        pod["spec"]!["containers"]![0]!["args"] = new JsonArray("run", $"--namespaces={string.Join(',', served)}");
        await scene.Admin.CreateAsync(scene.Home.Core("pods"), pod, Ct);
        await SayReadinessAsync(scene, scene.Operator);
    }

    /// <summary>Writes into its status what the process answers to the probe of a kubelet.</summary>
    public static async Task SayReadinessAsync(Scene scene, OperatorProcess running)
    {
        using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{running.HttpPort}/readyz"), Ct);
        var ready = answer.IsSuccessStatusCode ? "True" : "False";
        await scene.Admin.PatchAsync(
            scene.Home.Core($"{Name}/status"),
            JsonNode.Parse($$$"""{"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "{{{ready}}}"}]}}""")!,
            Ct
        );
    }

    /// <summary>Deletes it.</summary>
    public static Task DeleteAsync(Scene scene) =>
        scene.Admin.DeleteAsync(scene.Home.Core($"{Name}?gracePeriodSeconds=0"), Ct);
}
