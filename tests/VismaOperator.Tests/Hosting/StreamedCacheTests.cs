using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Client.Access;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Hosting;

/// <summary>
/// A cache that goes from a streaming list to pages, both over HTTP, on a server that answers as Kubernetes documents it: the real one of
/// the other tests has no streaming lists.
/// </summary>
public sealed class StreamedCacheTests : IDisposable
{
    private const string Refusal = """
        {"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422,"message":"sendInitialEvents is forbidden"}
        """;

    private const string Event = """
        {"type":"ADDED","object":{"metadata":{"name":"streamed","uid":"u-1","resourceVersion":"5"}}}

        """;

    private const string Page = """
        {"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"paged","uid":"u-2","resourceVersion":"6"}}]}
        """;

    private static readonly TimeSpan patience = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder folder = new();
    private readonly ConcurrentQueue<string> asked = [];

    public void Dispose() => folder.Dispose();

    [Fact]
    public Task A_server_that_refuses_to_stream_is_read_in_pages() =>
        IsFilledByPagesAsync(context => SendAsync(context, Refusal, StatusCodes.Status422UnprocessableEntity));

    [Fact]
    public Task A_stream_that_ends_without_its_bookmark_is_read_in_pages() => IsFilledByPagesAsync(context => SendAsync(context, Event));

    private async Task IsFilledByPagesAsync(Func<HttpContext, Task> stream)
    {
        await using var server = await StartAsync(stream);
        using var http = new KubernetesHttp(AccessTo(server), new KubernetesHttpOptions(), TimeProvider.System, new UnreadMeters());
        var client = new HttpKubernetesClient(http, TimeProvider.System, () => 0);
        var namespaces = new Informer<Namespace>(client, [ResourceSelector.All], TimeProvider.System, NullLogger.Instance, () => 0);
        using var stop = new CancellationTokenSource();

        var running = namespaces.RunAsync(stop.Token);
        await namespaces.WaitUntilSyncedAsync(TestContext.Current.CancellationToken)
            .WaitAsync(patience, TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(["paged"], namespaces.Store.List().Select(found => found.Metadata.Name));
        Assert.Equal(["stream", "page"], asked.Where(request => request is "stream" or "page"));
        await stop.CancelAsync();
        await running;
    }

    private ClusterAccess AccessTo(WebApplication server)
    {
        folder.Write(
            "kubeconfig",
            $$$"""
            apiVersion: v1
            kind: Config
            clusters: [{name: here, cluster: {server: "{{{server.Urls.Single()}}}"}}]
            users: [{name: me, user: {token: t}}]
            contexts: [{name: here, context: {cluster: here, user: me}}]
            current-context: here
            """
        );
        return ClusterAccess.Load(folder["kubeconfig"]);
    }

    private async Task<WebApplication> StartAsync(Func<HttpContext, Task> stream)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        server.Run(context => AnswerAsync(context, stream));
        await server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    private Task AnswerAsync(HttpContext context, Func<HttpContext, Task> stream)
    {
        var query = context.Request.Query;
        if (context.Request.Path == "/version")
        {
            return SendAsync(context, """{"major":"1","minor":"33"}""");
        }

        if (query["sendInitialEvents"] == "true")
        {
            asked.Enqueue("stream");
            return stream(context);
        }

        if (query["watch"] == "true")
        {
            return KeepOpenAsync(context);
        }

        asked.Enqueue("page");
        return SendAsync(context, Page);
    }

    private static async Task KeepOpenAsync(HttpContext context)
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var leaving = context.RequestAborted.Register(left.SetResult);
        await context.Response.StartAsync(context.RequestAborted);
        await left.Task;
    }

    private static Task SendAsync(HttpContext context, string text, int status = StatusCodes.Status200OK)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
