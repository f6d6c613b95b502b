using System.Text;
using Microsoft.AspNetCore.Http;

namespace VismaConnect.StandIn;

/// <summary>An answer that is ready to leave, and its word for the ledger.</summary>
internal sealed record Reply(int Status, string Body, string MediaType, IReadOnlyDictionary<string, string> Headers, string Outcome)
{
    public static Reply Json(int status, string body, string outcome) => new(status, body, "application/json", NoStore, outcome);

    private static IReadOnlyDictionary<string, string> NoStore { get; } =
        new Dictionary<string, string> { ["Cache-Control"] = "no-store, no-cache, max-age=0", ["Pragma"] = "no-cache" };

    public async Task WriteAsync(HttpResponse response)
    {
        response.StatusCode = Status;
        response.ContentType = MediaType;
        foreach (var (name, value) in Headers)
        {
            response.Headers[name] = value;
        }

        await response.Body.WriteAsync(Encoding.UTF8.GetBytes(Body), response.HttpContext.RequestAborted);
    }
}
