using System.Text.Json.Nodes;
using Kubernetes.Client.Access;
using Kubernetes.Client.Resources;
using Kubernetes.Client.Tests.Access;
using Kubernetes.Client.Tests.Http;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Kubernetes.Client.IntegrationTests.Kubeconfigs;

/// <summary>
/// What an API server sees of one client: the request for the Secret <c>probe</c>, and the input of an exec plugin (the file <c>info</c>
/// that the plugin leaves in the test's folder).
/// </summary>
internal sealed record Seen(string Request, JsonNode? ExecInfo, string Message)
{
    /// <summary>Nothing arrived.</summary>
    public const string Nothing = "no request";
}

/// <summary>Has the real kubectl and our client do the same with one kubeconfig, before one recording server.</summary>
internal sealed class Comparison : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();

    private Comparison(ScriptedApiServer server) => Server = server;

    public ScriptedApiServer Server { get; }

    public string Folder => folder.Path;

    /// <summary>Environment variables of both clients.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<Comparison> StartAsync(ScriptedTls? tls = null) =>
        new(await ScriptedApiServer.StartAsync((_, context) => AnswerAsync(context), tls ?? new ScriptedTls()));

    public string Write(string name, string content) => folder.Write(name, content);

    /// <summary>Writes a plugin that leaves its input in <c>info</c> and then prints an answer.</summary>
    public string WritePlugin(string name, string answer)
    {
        var path = folder.Write(
            name,
            $"#!/bin/sh\nprintf '%s' \"$KUBERNETES_EXEC_INFO\" >'{Folder}/info'\nprintf '%s,' \"$@\" \"$GREETING\" "
            + $">'{Folder}/called'\n{answer}\n"
        );
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    /// <summary>Both clients read the kubeconfig at this path, or (null) what the variables name.</summary>
    public async Task<(Seen Kubectl, Seen Ours)> RunAsync(string? kubeconfig) =>
        (await RunKubectlAsync(kubeconfig), await RunOursAsync(kubeconfig));

    public async Task<Seen> RunKubectlAsync(string? kubeconfig)
    {
        Reset();
        var output = await Kubectl.GetProbeAsync(Folder, Variables, kubeconfig is null ? [] : ["--kubeconfig", kubeconfig]);
        return Look(output);
    }

    public async Task<Seen> RunOursAsync(string? kubeconfig)
    {
        Reset();
        try
        {
            var access = ClusterAccess.Load(
                kubeconfig,
                null,
                new AccessEnvironment(Variables.GetValueOrDefault, Folder, Path.Combine(Folder, "no-pod"))
            );
            using var client = new ConnectedClient(access);
            await client.Client.FindAsync<SecretMetadata>(new NamespacedName(access.Namespace ?? "default", "probe"), Cancellation);
            return Look(string.Empty);
        }
        catch (Exception refused) when (refused is ClusterAccessException or HttpRequestException or KubernetesException)
        {
            return Look(refused.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        folder.Dispose();
    }

    // The least of a Kubernetes API that kubectl finds the way to Secrets with. The path in front of it is the kubeconfig's.
    private static Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        var answer = path switch
        {
            _ when path.EndsWith("/version", StringComparison.Ordinal) => """{"major":"1","minor":"36","gitVersion":"v1.36.0"}""",
            _ when path.EndsWith("/api", StringComparison.Ordinal) => """{"kind":"APIVersions","versions":["v1"]}""",
            _ when path.EndsWith("/apis", StringComparison.Ordinal) => """{"kind":"APIGroupList","apiVersion":"v1","groups":[]}""",
            _ when path.EndsWith("/api/v1", StringComparison.Ordinal) =>
                """{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"secrets","singularName":"secret","namespaced":true,"kind":"Secret","verbs":["get","list"]}]}""",
            _ when path.EndsWith("/secrets/probe", StringComparison.Ordinal) =>
                """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"probe","namespace":"x","uid":"1","resourceVersion":"1"}}""",
            _ => null,
        };
        context.Response.StatusCode = answer is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(
            answer ?? """{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}""",
            context.RequestAborted
        );
    }

    private static string Text(SeenRequest request) => string.Join('\n', (string[])[
        $"{request.Method} {request.Path}",
        $"Authorization: {request.Headers.Authorization}",
        $"certificate: {request.ClientCertificate}",
        .. request.Headers.Where(header => header.Key.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase))
            .SelectMany(header => header.Value.Select(value => $"{header.Key.ToUpperInvariant()}: {value}"))
            .Order(StringComparer.Ordinal)]);

    private void Reset()
    {
        Server.Requests.Clear();
        File.Delete(Path.Combine(Folder, "info"));
        File.Delete(Path.Combine(Folder, "called"));
    }

    private Seen Look(string message)
    {
        var request = Server.Requests.LastOrDefault(seen => seen.Path.EndsWith("/secrets/probe", StringComparison.Ordinal));
        var info = Path.Combine(Folder, "info");
        var called = Path.Combine(Folder, "called");
        return new Seen(
            (request is null ? Seen.Nothing : Text(request))
                + (File.Exists(called) ? $"\nplugin: {File.ReadAllText(called)}" : string.Empty),
            File.Exists(info) ? JsonNode.Parse(File.ReadAllText(info)) : null,
            message
        );
    }
}
