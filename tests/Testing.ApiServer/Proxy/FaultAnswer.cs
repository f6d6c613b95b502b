using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace VismaOperator.Testing.ApiServer.Proxy;

/// <summary>Writes the answers that the proxy makes up, in the words of an API server.</summary>
internal static class FaultAnswer
{
    public static Task WriteAsync(HttpContext context, FaultEffect.Answer answer)
    {
        var details = new JsonObject();
        if (answer.RetryAfter is { } pause)
        {
            var seconds = (int)Math.Ceiling(pause.TotalSeconds);
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            details["retryAfterSeconds"] = seconds;
        }

        context.Response.StatusCode = (int)answer.Status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(Status(answer, context.Request.Method, details).ToJsonString(), context.RequestAborted);
    }

    public static Task WriteExpiredWatchAsync(HttpContext context)
    {
        var line = new JsonObject
        {
            ["type"] = "ERROR",
            ["object"] = Status(new FaultEffect.Answer(HttpStatusCode.Gone), context.Request.Method, []),
        };
        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(line.ToJsonString() + "\n", context.RequestAborted);
    }

    private static JsonObject Status(FaultEffect.Answer answer, string method, JsonObject details) => new()
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject(),
        ["status"] = "Failure",
        ["message"] = answer.Message ?? $"injected by a test: {(int)answer.Status}",
        ["reason"] = answer.Reason ?? Reason(answer.Status, method),
        ["details"] = details,
        ["code"] = (int)answer.Status,
    };

    /// <summary>The reasons as apimachinery's metav1 names them.</summary>
    private static string Reason(HttpStatusCode status, string method) => status switch
    {
        HttpStatusCode.Conflict => method == HttpMethods.Post ? "AlreadyExists" : "Conflict",
        HttpStatusCode.Gone => "Expired",
        HttpStatusCode.TooManyRequests => "TooManyRequests",
        HttpStatusCode.Unauthorized => "Unauthorized",
        HttpStatusCode.Forbidden => "Forbidden",
        HttpStatusCode.NotFound => "NotFound",
        HttpStatusCode.UnprocessableEntity => "Invalid",
        HttpStatusCode.ServiceUnavailable => "ServiceUnavailable",
        HttpStatusCode.GatewayTimeout => "Timeout",
        _ => "InternalError",
    };
}
