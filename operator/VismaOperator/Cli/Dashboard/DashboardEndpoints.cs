using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Kubernetes.Client;
using Microsoft.Net.Http.Headers;
using VismaOperator.Api;
using VismaOperator.Cli.Status;
using VismaOperator.Consent.Web;
using VismaOperator.Reporting;

namespace VismaOperator.Cli.Dashboard;

/// <summary>Answers the requests of the browser. There is nothing that changes anything.</summary>
/// <param name="model">What is shown.</param>
/// <param name="access">Who may see it.</param>
/// <param name="source">Where it was read.</param>
/// <param name="detail">The words of <c>status</c>.</param>
/// <param name="time">The clock.</param>
/// <param name="tell">Tells the terminal.</param>
internal sealed class DashboardEndpoints(
    DashboardModel model,
    DashboardAccess access,
    string source,
    StatusDetail detail,
    TimeProvider time,
    Action<string> tell
)
{
    /// <summary>
    /// Scripts, styles and data of this server only, and no markup that is made from text: whatever an object of the cluster is named.
    /// </summary>
    internal const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; "
        + "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private const int MostStreams = 32;
    private const string EventStream = "text/event-stream; charset=utf-8";
    private const string JsonType = "application/json; charset=utf-8";

    // Between two views that a page gets, so that a burst of changes is one.
    private static readonly TimeSpan leastGap = TimeSpan.FromMilliseconds(500);

    // The passing of time changes a view, too, and a page that gets nothing takes the dashboard for stopped.
    private static readonly TimeSpan beat = TimeSpan.FromSeconds(5);

    private int streams;

    /// <summary>Answers one request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="port">The port that is served.</param>
    /// <param name="stop">Ends the streams.</param>
    public async Task ServeAsync(HttpContext context, int port, CancellationToken stop)
    {
        context.Response.SetPageHeaders(formOrigins: null);
        try
        {
            await AnswerAsync(context, port, stop);
        }
        catch (Exception gone) when (context.RequestAborted.IsCancellationRequested && gone is OperationCanceledException or IOException)
        {
            // The browser has left.
        }
#pragma warning disable CA1031 // The person is told; the server would only close the connection.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            tell($"a request of the browser failed: {FailureWords.Of(failure)}");
            if (!context.Response.HasStarted)
            {
                await WriteAsync(context, DashboardPages.Failed);
            }
        }
    }

    private Task AnswerAsync(HttpContext context, int port, CancellationToken stop)
    {
        var request = context.Request;
        if (!DashboardAccess.IsOurs(request.Host, port))
        {
            return WriteAsync(context, DashboardPages.OtherHost);
        }

        if (!HttpMethods.IsGet(request.Method))
        {
            context.Response.Headers.Allow = HttpMethods.Get;
            return WriteAsync(context, DashboardPages.NoSuchMethod);
        }

        return request.Path == "/" && request.Query.ContainsKey(DashboardAccess.TokenParameter) ? ExchangeAsync(context)
            : !access.Admits(request) || DashboardAccess.IsForeign(request.Headers) ? RefuseAsync(context)
            : !request.Path.Value!.StartsWith(access.Folder, StringComparison.Ordinal) ? WriteAsync(context, DashboardPages.NotFound)
            : ShowAsync(context, request.Path.Value[access.Folder.Length..], stop);
    }

    private Task ExchangeAsync(HttpContext context)
    {
        if (DashboardAccess.IsGuess(context.Request.Headers))
        {
            return WriteAsync(context, DashboardPages.TooEarly);
        }

        switch (access.Take(context.Request.Query[DashboardAccess.TokenParameter]))
        {
            case TokenUse.First:
                access.Admit(context.Response);
                context.Response.StatusCode = StatusCodes.Status303SeeOther;
                context.Response.Headers.Location = access.Folder;
                return Task.CompletedTask;
            case TokenUse.Again:
                tell(
                    "the address was opened a second time, which was refused. If nobody whom you know did that, stop with Ctrl-C: somebody "
                        + "on this machine reads your command lines or your browser's history."
                );
                return WriteAsync(context, DashboardPages.UsedBefore);
            default:
                return WriteAsync(context, DashboardPages.NotAdmitted);
        }
    }

    // Where the address was followed as a link on a page of another site, a browser keeps a strict cookie back until our own page asks.
    private Task RefuseAsync(HttpContext context)
    {
        if (context.Request.Path == access.Folder && context.Request.Headers["Sec-Fetch-Site"] is ["cross-site" or "same-site"])
        {
            context.Response.Headers["Refresh"] = "0";
        }

        return WriteAsync(context, DashboardPages.NotAdmitted);
    }

    private Task ShowAsync(HttpContext context, string what, CancellationToken stop)
    {
        context.Response.Headers[HeaderNames.ContentSecurityPolicy] = Policy;
        return what switch
        {
            "events" => StreamAsync(context, stop),
            "object" => DescribeAsync(context),
            _ when DashboardAssets.Find(what) is { } asset => SendAsync(context, asset.Type, asset.Content),
            _ => WriteAsync(context, DashboardPages.NotFound),
        };
    }

    private Task DescribeAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var snapshot = model.Look();
        var kind = query["kind"] == OAuthClient.ResourceKind.Kind ? OAuthClient.ResourceKind : VismaConnection.ResourceKind;
        return snapshot.Find(kind, new NamespacedName(query["namespace"].ToString(), query["name"].ToString())) is { } found
            ? SendAsync(
                context,
                JsonType,
                Json(DashboardDetail.Of(found, snapshot, detail), DashboardJsonContext.Default.DashboardDetail)
            )
            : WriteAsync(context, DashboardPages.NotFound);
    }

    private async Task StreamAsync(HttpContext context, CancellationToken stop)
    {
        if (Interlocked.Increment(ref streams) > MostStreams)
        {
            Interlocked.Decrement(ref streams);
            await WriteAsync(context, DashboardPages.TooMany);
            return;
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stop);
        try
        {
            context.Response.ContentType = EventStream;
            await FollowAsync(context.Response, DashboardQuery.Of(context.Request.Query), end.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            await SendEventAsync(context.Response, "end", "{}"u8.ToArray(), context.RequestAborted);
        }
        finally
        {
            Interlocked.Decrement(ref streams);
        }
    }

    // Each turn shows the present state. A page that reads slowly misses the states in between, and never lags behind.
    private async Task FollowAsync(HttpResponse response, DashboardQuery query, CancellationToken end)
    {
        byte[] shown = [];
        while (true)
        {
            var snapshot = model.Look();
            var view = Json(DashboardView.Of(snapshot, query, detail, source), DashboardJsonContext.Default.DashboardView);
            if (!view.AsSpan().SequenceEqual(shown))
            {
                await SendEventAsync(response, "view", view, end);
                shown = view;
            }

            await SendEventAsync(response, "now", Encoding.UTF8.GetBytes(InstantOf(snapshot.Now)), end);
            await time.DelayAsync(leastGap, end);
            try
            {
                await time.WaitAsync(snapshot.Outdated, beat, end);
            }
            catch (TimeoutException)
            {
                // nothing but the time has changed
            }
        }
    }

    private static string InstantOf(DateTimeOffset now) =>
        now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static async Task SendEventAsync(HttpResponse response, string name, byte[] data, CancellationToken end)
    {
        byte[] message = [.. Encoding.UTF8.GetBytes($"event: {name}\ndata: "), .. data, .. "\n\n"u8];
        await response.Body.WriteAsync(message, end);
        await response.Body.FlushAsync(end);
    }

    private static byte[] Json<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    private static Task SendAsync(HttpContext context, string type, byte[] content)
    {
        context.Response.ContentType = type;
        return context.Response.Body.WriteAsync(content, context.RequestAborted).AsTask();
    }

    private static Task WriteAsync(HttpContext context, Page page) => context.Response.WritePageAsync(page, context.RequestAborted);
}

/// <summary>The files of the page, as they are built into the executable.</summary>
internal static class DashboardAssets
{
    private static readonly Dictionary<string, (string File, string Type)> types = new(StringComparer.Ordinal)
    {
        [""] = ("dashboard.html", "text/html; charset=utf-8"),
        ["dashboard.css"] = ("dashboard.css", "text/css; charset=utf-8"),
        ["dashboard.js"] = ("dashboard.js", "text/javascript; charset=utf-8"),
        ["timeline.js"] = ("timeline.js", "text/javascript; charset=utf-8"),
        ["icon.svg"] = ("icon.svg", "image/svg+xml"),
    };

    /// <summary>A file by the rest of its path; null where there is none.</summary>
    public static (string Type, byte[] Content)? Find(string path)
    {
        if (!types.TryGetValue(path, out var asset))
        {
            return null;
        }

        using var stream = typeof(DashboardAssets).Assembly.GetManifestResourceStream($"dashboard/{asset.File}")!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return (asset.Type, content);
    }
}
