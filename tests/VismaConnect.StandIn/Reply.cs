using System.Text;
using Microsoft.AspNetCore.Http;

namespace VismaConnect.StandIn;

/// <summary>An answer that is ready to leave, and its word for the ledger.</summary>
internal sealed record Reply(int Status, string Body, string MediaType, IReadOnlyDictionary<string, string> Headers, string Outcome)
{
    public static Reply Json(int status, string body, string outcome) => new(status, body, "application/json", NoStore, outcome);

    private static IReadOnlyDictionary<string, string> NoStore { get; } =
        new Dictionary<string, string> { ["Cache-Control"] = "no-store, no-cache, max-age=0", ["Pragma"] = "no-cache" };

    public Task WriteAsync(HttpResponse response) => WriteAsync(response, Encoding.UTF8.GetByteCount(Body));

    /// <summary>Announces the whole body and sends the first half of it.</summary>
    public async Task WriteHalfAsync(HttpResponse response)
    {
        await WriteAsync(response, Encoding.UTF8.GetByteCount(Body) / 2);
        await response.Body.FlushAsync(response.HttpContext.RequestAborted);
    }

    private async Task WriteAsync(HttpResponse response, int length)
    {
        var bytes = Encoding.UTF8.GetBytes(Body);
        response.StatusCode = Status;
        response.ContentType = MediaType;
        response.ContentLength = bytes.Length;
        foreach (var (name, value) in Headers)
        {
            response.Headers[name] = value;
        }

        await response.Body.WriteAsync(bytes.AsMemory(0, length), response.HttpContext.RequestAborted);
    }
}
