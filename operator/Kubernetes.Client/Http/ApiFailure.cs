using System.Net;
using System.Text.Json;

namespace Kubernetes.Client.Http;

/// <summary>Turns what the API server refuses into exceptions that name request, cause and, where it can be known, remedy.</summary>
internal sealed class ApiFailure(TimeProvider clock)
{
    private const int LongestMessage = 1000; // characters of the server's message; it can list every field of an object

    // metav1.StatusReason. A webhook may answer with a reason of its own making.
    private static readonly HashSet<string> reasons = new(StringComparer.Ordinal)
    {
        "Unauthorized",
        "Forbidden",
        "NotFound",
        "AlreadyExists",
        "Conflict",
        "Gone",
        "Invalid",
        "ServerTimeout",
        "StoreReadError",
        "Timeout",
        "TooManyRequests",
        "BadRequest",
        "MethodNotAllowed",
        "NotAcceptable",
        "RequestEntityTooLarge",
        "UnsupportedMediaType",
        "InternalError",
        "Expired",
        "ServiceUnavailable",
    };

    // The parts of field names that cannot be somebody's own words: a key of a Secret may be anything. The longer before the shorter.
    private static readonly string[] fieldNames =
    [
        "data",
        "stringData",
        "type",
        "immutable",
        "metadata.name",
        "metadata.namespace",
        "metadata.labels",
        "metadata.annotations",
        "metadata.ownerReferences",
        "metadata.finalizers",
        "metadata.resourceVersion",
        "metadata",
        "status.conditions",
        "status.token",
        "status.authorization",
        "status.failure",
        "status.secretName",
        "status.baseURL",
        "status.lastHandledReconcileAt",
        "status.observedGeneration",
        "status",
    ];

    /// <summary>The exception for an answer that is not 2xx.</summary>
    public async Task<KubernetesException> FromAnswerAsync(
        HttpResponseMessage response,
        ResourceRequest request,
        CancellationToken cancellationToken
    )
    {
        var status = await ReadStatusAsync(response, cancellationToken);
        return Create(request, response.StatusCode, status, RetryAfter(response) ?? RetryAfter(status));
    }

    /// <summary>The exception for an ERROR event inside a watch.</summary>
    public static KubernetesException FromEvent(ApiStatus? status, ResourceRequest request) =>
        Create(request, (HttpStatusCode)(status?.Code ?? 500), status, RetryAfter(status));

    private static KubernetesException Create(ResourceRequest request, HttpStatusCode code, ApiStatus? status, TimeSpan? retryAfter)
    {
        var reason = reasons.Contains(status?.Reason ?? string.Empty) ? status!.Reason! : string.Empty;
        var rule = AdmissionRuleReader.Read(status?.Message);
        var message = $"{request}: {(int)code} {reason}".TrimEnd() + $": {Cause(request, status, rule)}{Remedy(code, rule)}";
        return new KubernetesException(code, reason, message, retryAfter) { DeniedBy = rule };
    }

    // The server quotes what it could not read, and values that it refuses; so does an admission webhook, which also chooses the
    // reason and the names of fields. The quoted text can be the content of a Secret, or a consent link in a status.
    private static string Cause(ResourceRequest request, ApiStatus? status, AdmissionRule? rule)
    {
        if (status is null)
        {
            return "the answer is no Status object, so it may come from a proxy, or the kind is not installed";
        }

        if (rule is not null)
        {
            return $"because of {rule} (its message is left out, since it may quote content)";
        }

        if (!IsSafeToQuote(request, status))
        {
            var fields = (status.Details?.Causes ?? [])
                .Select(cause => fieldNames.FirstOrDefault(name => IsIn(name, cause.Field ?? string.Empty)))
                .OfType<string>()
                .Distinct();
            return $"refused fields: {string.Join(", ", fields)} (the server's message is left out, since it may quote content)";
        }

        var message = status.Message ?? "the server gave no message";
        return message.Length <= LongestMessage ? message : message[..LongestMessage] + "...";
    }

    // The message of RBAC about a read names the account and the verb, and webhooks are not asked about reads.
    private static bool IsSafeToQuote(ResourceRequest request, ApiStatus status)
    {
        var isRead = request.Method == HttpMethod.Get;
        return request.Kind is { Group: "", Plural: "secrets" }
            ? isRead && status.Reason is "NotFound" or "Forbidden" or "Expired" or "Gone"
            : isRead || request.Method != HttpMethod.Patch;
    }

    private static bool IsIn(string name, string field) =>
        field.StartsWith(name, StringComparison.Ordinal) && (field.Length == name.Length || field[name.Length] is '.' or '[');

    private static string Remedy(HttpStatusCode code, AdmissionRule? rule) =>
        code switch
        {
            _ when rule is not null => string.Empty,
            HttpStatusCode.Unauthorized =>
                ". The API server does not accept these credentials: renew them (log in again, or check the service account).",
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

    private static async Task<ApiStatus?> ReadStatusAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var status = await AnswerBody.ReadAsync(
                response,
                KubernetesHttpOptions.MaxErrorSize,
                static json => JsonSerializer.Deserialize(json, ApiJsonContext.Default.ApiStatus),
                cancellationToken
            );
            return status?.Kind == "Status" ? status : null;
        }
        catch (Exception unreadable) when (unreadable is JsonException or HttpRequestException or IOException)
        {
            return null; // the status code alone says enough
        }
    }
}
