using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.Testing.ApiServer.Proxy;

/// <summary>Passes requests on to the API server and its answers back, bodies as streams both ways.</summary>
internal sealed class Upstream(ClusterAccess access, WatchControl watches) : IDisposable
{
    // Two ways, since a client certificate, which a cluster of somebody else may want, would win over a token: who brings an own token must
    // be judged by it alone.
    private readonly HttpMessageInvoker asAdmin = new(access.CreateHandler());
    private readonly HttpMessageInvoker asCaller = new(access.CreateAnonymousHandler());

    /// <summary>What clients see of lists and watches over all namespaces; null for all.</summary>
    public ConfinedView? View { get; set; }

    /// <summary>Sends the request and returns the answer's head.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpContext context)
    {
        var way = context.Request.Headers.Authorization.Count > 0 ? asCaller : asAdmin;
        using var request = Copy(context.Request);
        return await way.SendAsync(request, context.RequestAborted);
    }

    /// <summary>Hands the answer to the client.</summary>
    public async Task ReturnAsync(HttpContext context, HttpResponseMessage answer, ProxiedRequest request)
    {
        request.Answered((int)answer.StatusCode);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(header => !IsOfTheConnection(header.Key)))
        {
            context.Response.Headers[name] = values.ToArray();
        }

        await using var body = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        var view = answer.IsSuccessStatusCode && ConfinedView.Concerns(request.Method, request.Path) ? View : null;
        if (request.IsWatch && answer.IsSuccessStatusCode)
        {
            using var relay = new WatchRelay(watches, context);
            await relay.RelayAsync(view?.OfWatch(body, context.RequestAborted) ?? body);
            return;
        }

        if (view is not null)
        {
            context.Response.ContentLength = null;
            await context.Response.Body.WriteAsync(await view.OfListAsync(body, context.RequestAborted), context.RequestAborted);
            return;
        }

        await body.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    public void Dispose()
    {
        asAdmin.Dispose();
        asCaller.Dispose();
    }

    private HttpRequestMessage Copy(HttpRequest source)
    {
        var copy = new HttpRequestMessage(
            new HttpMethod(source.Method),
            new Uri(access.Server, source.Path.ToUriComponent() + source.QueryString)
        )
        {
            Version = HttpVersion.Version20,
        };
        if (source.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
        {
            copy.Content = new StreamContent(source.Body);
        }

        var isRead = View is not null && ConfinedView.Concerns(source.Method, source.Path); // compressed answers could not be read
        foreach (
            var (name, values) in source.Headers.Where(header =>
                !IsOfTheConnection(header.Key) && !(isRead && header.Key == HeaderNames.AcceptEncoding)
            )
        )
        {
            if (!copy.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
            {
                copy.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
            }
        }

        return copy;
    }

    /// <summary>Headers that describe one hop, or that the next hop sets itself (RFC 9110, section 7.6.1).</summary>
    private static bool IsOfTheConnection(string header) =>
        header.StartsWith(':')
        || header.ToUpperInvariant() is "HOST" or "CONNECTION" or "KEEP-ALIVE" or "TRANSFER-ENCODING" or "UPGRADE" or "TE";
}
