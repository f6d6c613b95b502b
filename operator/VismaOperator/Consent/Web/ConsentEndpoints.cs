using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using OAuth;
using VismaOperator.Consent.Flow;
using VismaOperator.Grants;

namespace VismaOperator.Consent.Web;

/// <summary>
/// The two addresses that people reach: the page of a connection, and the way back from the provider. Everything else is answered plainly.
/// </summary>
internal sealed partial class ConsentEndpoints(
    ConsentFlow flow,
    ConsentSite site,
    RequestLimit limit,
    Func<bool> isReady,
    ILogger<ConsentEndpoints> log
)
{
    /// <summary>The form's field for what lets a person begin, named as in the link.</summary>
    public const string StartField = ConsentLinks.StartParameter;

    private const string RetryAfterSeconds = "5";
    private const string AYear = "max-age=31536000";

    /// <summary>Has every request to the server answered here.</summary>
    public void Serve(EmptyWebHost http) => http.Serve(answers => answers.Run(ServeAsync));

    private async Task ServeAsync(HttpContext context)
    {
        if (site.IsEncrypted)
        {
            context.Response.Headers.StrictTransportSecurity = AYear;
        }

        try
        {
            await AnswerAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // the person has left
        }
#pragma warning disable CA1031 // The person is told, and the log says what it was; the server would only close the connection.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            LogFailed(failure);
            await WriteAsync(context, FailurePages.Of(RejectedRequest.Failed));
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var target = site.TargetOf(context.Request.Path);
        if (!isReady())
        {
            await WriteAsync(context, FailurePages.Of(RejectedRequest.NotReady));
        }
        else if (!limit.Allows(context.Connection.RemoteIpAddress)
            && !(await RecognizeAsync(context, target) is { } visitor && limit.AllowsKnown(visitor)))
        {
            await WriteAsync(context, FailurePages.Of(RejectedRequest.TooMany));
        }
        else
        {
            await AnswerAsync(context, target);
        }
    }

    // Somebody who uses up the budget of an address must not lock out the people who share it. Only the caches are asked, so that a
    // stranger causes no request to the cluster.
    private async Task<string?> RecognizeAsync(HttpContext context, ConsentTarget target) => target switch
    {
        ConsentTarget.Page page when HttpMethods.IsPost(context.Request.Method) =>
            flow.Recognize(page.Connection, await ReadFormAsync(context) is { } form ? Single(form[StartField]) : null),
        ConsentTarget.Page page => flow.Recognize(page.Connection, Single(context.Request.Query[StartField])),
        ConsentTarget.Callback => flow.Recognize(
            QueryPairs.Of(context.Request.QueryString),
            connection => ConsentCookie.Of(context.Request, connection, site)),
        _ => null,
    };

    private Task AnswerAsync(HttpContext context, ConsentTarget target)
    {
        var method = context.Request.Method;
        var isRead = HttpMethods.IsGet(method) || HttpMethods.IsHead(method);
        return target switch
        {
            ConsentTarget.Page page when isRead => ShowAsync(context, page),
            ConsentTarget.Page page when HttpMethods.IsPost(method) => BeginAsync(context, page),
            ConsentTarget.Page => RefuseMethodAsync(context, "GET, HEAD, POST"),
            ConsentTarget.Callback when HttpMethods.IsGet(method) => CompleteAsync(context),
            ConsentTarget.Callback => RefuseMethodAsync(context, "GET"),
            _ => WriteAsync(context, FailurePages.Of(RejectedRequest.NoSuchPage)),
        };
    }

    private async Task ShowAsync(HttpContext context, ConsentTarget.Page page)
    {
        var start = Single(context.Request.Query[StartField]);
        var answer = await flow.ShowAsync(page.Connection, start, context.RequestAborted);
        await WriteAsync(
            context,
            answer is ConsentAnswer.Offered offered
                ? ConsentPages.Offer(offered.Offer, site.PathOf(page.Connection), start!)
                : ConsentPages.Of(answer)
        );
    }

    private async Task BeginAsync(HttpContext context, ConsentTarget.Page page)
    {
        if (!FormOrigin.IsOurs(context.Request.Headers, site))
        {
            await WriteAsync(context, FailurePages.Of(RejectedRequest.OtherSite));
            return;
        }

        if (await ReadFormAsync(context) is not { } form)
        {
            await WriteAsync(context, FailurePages.Of(RejectedRequest.Unreadable));
            return;
        }

        switch (await flow.BeginAsync(
            page.Connection, Single(form[StartField]), ConsentCookie.Of(context.Request, page.Connection, site), context.RequestAborted))
        {
            case ConsentAnswer.Begun begun:
                context.Response.SetPageHeaders(formOrigins: null);
                ConsentCookie.Set(context.Response, begun.Connection, begun.Cookie, site);
                context.Response.StatusCode = StatusCodes.Status303SeeOther;
                context.Response.Headers.Location = begun.Request.ToUri().AbsoluteUri;
                break;
            case var answer:
                await WriteAsync(context, ConsentPages.Of(answer));
                break;
        }
    }

    private async Task CompleteAsync(HttpContext context) =>
        await WriteAsync(context, ConsentPages.Of(await flow.CompleteAsync(
            QueryPairs.Of(context.Request.QueryString),
            connection => ConsentCookie.Of(context.Request, connection, site),
            context.RequestAborted)));

    private static Task RefuseMethodAsync(HttpContext context, string allowed)
    {
        context.Response.Headers.Allow = allowed;
        return WriteAsync(context, FailurePages.Of(RejectedRequest.NoSuchMethod));
    }

    private static async Task WriteAsync(HttpContext context, Page page)
    {
        if (context.Response.HasStarted)
        {
            return;
        }

        if (page.Status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
        {
            context.Response.Headers[HeaderNames.RetryAfter] = RetryAfterSeconds;
        }

        await context.Response.WritePageAsync(page, context.RequestAborted);
    }

    // The server has bounded the body before anything of it is read.
    private static async Task<IFormCollection?> ReadFormAsync(HttpContext context)
    {
        try
        {
            return context.Request.HasFormContentType ? await context.Request.ReadFormAsync(context.RequestAborted) : null;
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            return null;
        }
    }

    private static Sensitive? Single(IReadOnlyList<string?> values) => values is [{ Length: > 0 } value] ? Sensitive.From(value) : null;

    [LoggerMessage(Level = LogLevel.Error, EventName = "ConsentPageFailed", Message = "A request to the consent pages failed")]
    private partial void LogFailed(Exception failure);
}

/// <summary>The first line of a request, in which the browser brings the provider's answer.</summary>
internal static class RequestLine
{
    /// <summary>Longest that is read, in bytes: a code of 4,096 characters, percent-encoded, and the rest of an answer.</summary>
    public const int MaxSize = 16 * 1024;
}

/// <summary>
/// Distinguishes a form of our own page from one that another site submits through the person's browser, which would skip the page that
/// explains the consent.
/// </summary>
internal static class FormOrigin
{
    private const string Opaque = "null";

    /// <summary>
    /// True unless the browser says that another site sent the form. The browser's own word on the site counts first (Fetch Metadata): for
    /// <c>Origin</c> it sends <c>null</c> here, since our pages forbid referrers. Where browsers send no Fetch Metadata, over plain http to
    /// another machine, that <c>null</c> has to do.
    /// </summary>
    public static bool IsOurs(IHeaderDictionary headers, ConsentSite site)
    {
        var fetchSite = headers["Sec-Fetch-Site"];
        if (!StringValues.IsNullOrEmpty(fetchSite))
        {
            return fetchSite == "same-origin";
        }

        var origin = headers[HeaderNames.Origin];
        return StringValues.IsNullOrEmpty(origin) || origin == site.Origin || (origin == Opaque && !site.IsTrustworthy);
    }
}
