using System.Collections.Concurrent;
using System.Net;
using Kubernetes.Client;

namespace VismaOperator.Tests.Support;

/// <summary>What an API server can do instead of answering, by name, and the part of the operator's requests that meets it.</summary>
internal sealed class ApiFaults(TestOperator test)
{
    /// <summary>Stands in every message that is made up here: nothing of it may reach status or an event.</summary>
    public const string Quoted = "QUOTED-BY-THE-SERVER";

    /// <summary>Every failure that the tables go through.</summary>
    public static readonly IReadOnlyList<string> All =
    [
        "403",
        "403 policy",
        "400",
        "404",
        "409",
        "422",
        "429",
        "500",
        "503",
        "timeout",
        "no answer in time",
        "cut",
        "cut after processing",
    ];

    private readonly ConcurrentDictionary<int, TaskCompletionSource> awaited = new();
    private int met;

    /// <summary>How many requests met the fault.</summary>
    public int Met => Volatile.Read(ref met);

    /// <summary>Ends once so many requests met the fault.</summary>
    public Task MetAtLeast(int times)
    {
        var source = awaited.GetOrAdd(times, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (Met >= times)
        {
            source.TrySetResult();
        }

        return source.Task;
    }

    /// <summary>From now on such requests fail.</summary>
    public void Inject(string failure, string verb, ResourceKind kind, string name)
    {
        Task Meet(string asked, ResourceKind about, NamespacedName which)
        {
            if (asked != verb || about != kind || (name != "*" && which.Name != name))
            {
                return Task.CompletedTask;
            }

            if (awaited.TryGetValue(Interlocked.Increment(ref met), out var source))
            {
                source.TrySetResult();
            }

            throw ExceptionOf(failure);
        }

        if (failure == "cut after processing")
        {
            test.Cluster.After = Meet;
        }
        else
        {
            test.Cluster.Before = Meet;
        }
    }

    /// <summary>All is well again.</summary>
    public void Lift() => (test.Cluster.Before, test.Cluster.After) = (null, null);

    /// <summary>What the client throws for a failure.</summary>
    public static Exception ExceptionOf(string failure) => failure switch
    {
        "403" => Refused(HttpStatusCode.Forbidden, "Forbidden"),
        "403 policy" => Refused(
            HttpStatusCode.Forbidden,
            "Forbidden",
            new AdmissionRule(AdmissionRuleKind.Policy, "no-tokens.example.com")
        ),
        "400" => Refused(HttpStatusCode.BadRequest, "BadRequest"),
        "404" => Refused(HttpStatusCode.NotFound, "NotFound"),
        "409" => Refused(HttpStatusCode.Conflict, "Conflict"),
        "422" => Refused(HttpStatusCode.UnprocessableEntity, "Invalid"),
        "429" => Refused(HttpStatusCode.TooManyRequests, "TooManyRequests"),
        "500" => Refused(HttpStatusCode.InternalServerError, "InternalError"),
        "503" => Refused(HttpStatusCode.ServiceUnavailable, "ServiceUnavailable"),
        "timeout" => new HttpRequestException($"no complete answer within 10 s {Quoted}"),
        "no answer in time" => new TaskCanceledException(Quoted),
        _ => new IOException($"the connection was cut {Quoted}"),
    };

    private static KubernetesException Refused(HttpStatusCode code, string reason, AdmissionRule? rule = null) =>
        new(code, reason, $"{(int)code} {Quoted}") { DeniedBy = rule };
}
