using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;
using VismaOperator.Reporting;

namespace VismaOperator.Hosting;

/// <summary>
/// Who may read <c>/metrics</c>: whoever the API server knows by the bearer token (TokenReview), and lets <c>get</c> the path
/// <c>/metrics</c> (SubjectAccessReview). Answers are remembered for a minute, by a hash of the token. A token that was let in is asked
/// about apart from all others, so that no flood of them keeps it waiting, and is let in for ten minutes more while the API server cannot
/// be asked: an outage of the API server is when metrics are needed. A new token from an address where one was let in within these ten
/// minutes, as after a rotation, is asked about apart from those of other addresses.
/// </summary>
#pragma warning disable CA1001 // A semaphore whose handle nobody asks for holds nothing to dispose.
internal sealed partial class MetricsAuthentication(IKubernetesClient client, TimeProvider time, ILogger log)
#pragma warning restore CA1001
{
    private const string Scheme = "Bearer ";
    private const int MaxRemembered = 256;
    private const int LongestToken = 16 * 1024;

    private static readonly TimeSpan memory = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan grace = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan deadline = TimeSpan.FromSeconds(5);

    // Two caches: invalid tokens must not evict valid ones.
    private readonly ConcurrentDictionary<string, (HttpStatusCode Answer, long At)> good = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (HttpStatusCode Answer, long At)> refused = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim strangers = new(4); // a flood of made-up tokens must not become one of the API server
    private readonly SemaphoreSlim neighbours = new(2);
    private readonly SemaphoreSlim guests = new(2);

    // Where tokens that were let in came from, and when the last one was. An address may be given to somebody else later.
    private readonly ConcurrentDictionary<IPAddress, long> homes = new();
    private long loggedForbidden;
    private long loggedUnanswered;

    /// <summary>200 where the page may be served; else the status to answer with.</summary>
    /// <param name="authorization">The header.</param>
    /// <param name="from">Address of whoever asks; null where it is not known.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<HttpStatusCode> JudgeAsync(string? authorization, IPAddress? from, CancellationToken cancellationToken)
    {
        if (authorization?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) != true || authorization.Length > LongestToken)
        {
            return HttpStatusCode.Unauthorized;
        }

        var token = authorization[Scheme.Length..].Trim();
        if (token.Length == 0)
        {
            return HttpStatusCode.Unauthorized;
        }

        var key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        var isGuest = good.TryGetValue(key, out var before);
        if ((isGuest || refused.TryGetValue(key, out before)) && time.GetElapsedTime(before.At) < memory)
        {
            return before.Answer;
        }

        var turns = isGuest ? guests : IsHome(from) ? neighbours : strangers;
        using var limit = Deadline.Linked(deadline, time, cancellationToken);
        try
        {
            await turns.WaitAsync(limit.Token);
            try
            {
                var answer = await AskAsync(token, limit.Token);
                Remember(key, answer, from);
                return answer;
            }
            finally
            {
                turns.Release();
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException || Outage.Caused(failure))
        {
            var isAway = failure is not KubernetesException { IsForbidden: true };
            if (!cancellationToken.IsCancellationRequested)
            {
                Log(failure, isAway);
            }

            return isAway && isGuest && time.GetElapsedTime(before.At) < grace ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable;
        }
    }

    private async Task<HttpStatusCode> AskAsync(string token, CancellationToken cancellationToken)
    {
        var review = await client.CreateAsync(new TokenReview { Spec = new TokenReviewSpec { Token = token } }, cancellationToken);
        if (review.Status is not { Authenticated: true, User: { } user })
        {
            return HttpStatusCode.Unauthorized;
        }

        var question = new SubjectAccessReviewSpec
        {
            User = user.Username,
            Uid = user.Uid,
            Groups = user.Groups,
            Extra = user.Extra,
            NonResourceAttributes = new NonResourceAttributes("/metrics", "get"),
        };
        var access = await client.CreateAsync(new SubjectAccessReview { Spec = question }, cancellationToken);
        return access.Status is { Allowed: true } ? HttpStatusCode.OK : HttpStatusCode.Forbidden;
    }

    private bool IsHome(IPAddress? from) =>
        from is not null && homes.TryGetValue(from, out var letIn) && time.GetElapsedTime(letIn) < grace;

    // A flood is logged once, and apart from a missing permission, which needs a person.
    private void Log(Exception failure, bool isAway)
    {
        if (isAway && IsToBeLogged(ref loggedUnanswered))
        {
            var words = FailureWords.InOneLine(failure);
            LogNotChecked(words);
        }
        else if (!isAway && IsToBeLogged(ref loggedForbidden))
        {
            var words = FailureWords.InOneLine(failure);
            LogMayNotAsk(words);
        }
    }

    private bool IsToBeLogged(ref long logged)
    {
        var last = Volatile.Read(ref logged);
        return (last == 0 || time.GetElapsedTime(last) >= memory)
            && Interlocked.CompareExchange(ref logged, Math.Max(time.GetTimestamp(), 1), last) == last;
    }

    private void Remember(string key, HttpStatusCode answer, IPAddress? from)
    {
        if (answer == HttpStatusCode.OK && from is not null)
        {
            Bound(homes);
            homes[from] = time.GetTimestamp();
        }

        var known = answer == HttpStatusCode.OK ? good : refused;
        good.TryRemove(key, out _);
        Bound(known);
        known[key] = (answer, time.GetTimestamp());
    }

    private static void Bound<TKey, TValue>(ConcurrentDictionary<TKey, TValue> kept)
        where TKey : notnull
    {
        if (kept.Count >= MaxRemembered)
        {
            kept.Clear();
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        EventName = "MetricsAccessNotChecked",
        Message = "Who asks for /metrics could not be checked, so the answer was 503, unless it was let in within ten minutes: the API "
            + "server cannot be asked, or too many unknown tokens wait to be asked about. {Failure}"
    )]
    private partial void LogNotChecked(string failure);

    [LoggerMessage(
        Level = LogLevel.Warning,
        EventName = "MetricsAccessMayNotBeChecked",
        Message = "The operator may not check who reads /metrics, so the answer was 503. With --metrics-auth it needs create on "
            + "tokenreviews and subjectaccessreviews (a ClusterRole, which the chart makes with metricsAuth=true). {Failure}"
    )]
    private partial void LogMayNotAsk(string failure);
}
