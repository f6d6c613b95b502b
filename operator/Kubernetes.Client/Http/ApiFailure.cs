using System.Net;
using System.Text.Json;

namespace Kubernetes.Client.Http;

/// <summary>Turns what the API server refuses into exceptions that name request, cause and, where it can be known, remedy.</summary>
internal sealed class ApiFailure(KubernetesHttp http, TimeProvider clock)
{
    private const int LongestMessage = 1000; // characters of the server's message; it can list every field of an object

    /// <summary>The exception for an answer that is not 2xx.</summary>
    public async Task<KubernetesException> FromAnswerAsync(HttpResponseMessage response, ResourceRequest request, CancellationToken cancellationToken)
    {
        var status = await ReadStatusAsync(response, cancellationToken);
        return Create(request, response.StatusCode, status, RetryAfter(response) ?? RetryAfter(status));
    }

    /// <summary>The exception for an ERROR event inside a watch.</summary>
    public static KubernetesException FromEvent(ApiStatus? status, ResourceRequest request) =>
        Create(request, (HttpStatusCode)(status?.Code ?? 500), status, RetryAfter(status));

    private static KubernetesException Create(ResourceRequest request, HttpStatusCode code, ApiStatus? status, TimeSpan? retryAfter)
    {
        var reason = status?.Reason ?? string.Empty;
        var message = $"{request}: {(int)code} {reason}".TrimEnd() + $": {Cause(request, status)}{Remedy(code)}";
        return new KubernetesException(code, reason, message, retryAfter);
    }

    // The server quotes what it could not read, and values that it refuses. Of a Secret that can be its content, so of
    // Secrets only the fields are named.
    private static string Cause(ResourceRequest request, ApiStatus? status)
    {
        if (status is null)
        {
            return "the answer is no Status object, so it may come from a proxy, or the kind is not installed";
        }

        if (request.Kind is { Group: "", Plural: "secrets" } && !IsSafeToQuote(request, status))
        {
            var fields = (status.Details?.Causes ?? []).Select(cause => $"{cause.Field} ({cause.Reason})");
            return $"refused fields: {string.Join(", ", fields)} (the server's message is left out, since it may quote content)";
        }

        var message = status.Message ?? "the server gave no message";
        return message.Length <= LongestMessage ? message : message[..LongestMessage] + "...";
    }

    // What RBAC says of a read names the account and the verb. What forbids a write may be an admission webhook, which was shown the content.
    private static bool IsSafeToQuote(ResourceRequest request, ApiStatus status) => status.Reason switch
    {
        "NotFound" or "AlreadyExists" or "Conflict" or "Expired" or "Gone" => true,
        "Forbidden" => request.Method == HttpMethod.Get,
        _ => false,
    };

    private static string Remedy(HttpStatusCode code) => code switch
    {
        HttpStatusCode.Unauthorized => ". The API server does not accept these credentials: renew them (log in again, or check the service account).",
        HttpStatusCode.Forbidden => ". Where a permission is missing, grant it to this account with a Role or ClusterRole.",
        _ => string.Empty,
    };

    private static TimeSpan? RetryAfter(ApiStatus? status) =>
        status?.Details?.RetryAfterSeconds is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null;

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var header = response.Headers.RetryAfter;
        var wait = header?.Delta ?? header?.Date - clock.GetUtcNow();
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private async Task<ApiStatus?> ReadStatusAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var body = await AnswerBody.ReadAsync(response, http.Options.MaxErrorSize, cancellationToken);
            var status = JsonSerializer.Deserialize(body.Span, ApiJsonContext.Default.ApiStatus);
            return status?.Kind == "Status" ? status : null;
        }
        catch (Exception unreadable) when (unreadable is JsonException or HttpRequestException or IOException)
        {
            return null; // the status code alone says enough
        }
    }
}
