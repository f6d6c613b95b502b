using Microsoft.AspNetCore.Http;

namespace Kubernetes.Client.Tests.Http;

/// <summary>Answers in the API server's own words.</summary>
internal static class Answers
{
    public static string Widget(string name, int version, int size = 1) =>
        $$$"""{"apiVersion":"contract.visma-operator.io/v1","kind":"Widget","metadata":{"name":"{{{name}}}","namespace":"home","uid":"u-{{{name}}}","resourceVersion":"{{{version}}}"},"spec":{"size":{{{size}}}}}""";

    public static string Event(string type, string json) => $$"""{"type":"{{type}}","object":{{json}}}""" + "\n";

    public static string Bookmark(int version) =>
        Event(
            "BOOKMARK",
            $$$"""{"kind":"Widget","apiVersion":"contract.visma-operator.io/v1","metadata":{"resourceVersion":"{{{version}}}","creationTimestamp":null}}"""
        );

    public static string List(int version, string? continueToken, params string[] items) =>
        $$$"""{"kind":"WidgetList","apiVersion":"contract.visma-operator.io/v1","metadata":{"resourceVersion":"{{{version}}}","continue":"{{{continueToken}}}"},"items":[{{{string.Join(',', items)}}}]}""";

    public static string Status(int code, string reason, string message, string details = "{}") =>
        $$"""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"{{message}}","reason":"{{reason}}","details":{{details}},"code":{{code}}}""";

    public static Task SendAsync(this HttpContext context, string json, int code = 200, string type = "application/json")
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(json);
    }

    /// <summary>Sends a part of an answer at once.</summary>
    public static async Task FlushAsync(this HttpContext context, string part)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = "application/json";
        }

        await context.Response.WriteAsync(part);
        await context.Response.Body.FlushAsync();
    }
}
