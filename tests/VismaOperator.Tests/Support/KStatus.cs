using System.Text.Json;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;

namespace VismaOperator.Tests.Support;

/// <summary>
/// Holds every status ever written to what kstatus, Flux and Argo CD judge by
/// (<see href="https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md"/>), and to the contract of the kinds.
/// </summary>
internal static class KStatus
{
    /// <summary>Checks the whole history of a cluster.</summary>
    public static void Check(ClusterRecord record)
    {
        foreach (var history in record.All.GroupBy(entry => (entry.Object.Kind.Kind, entry.Object.Name)))
        {
            Seen? before = null;
            foreach (var seen in history.Where(entry => !entry.IsGone).Select(Read).OfType<Seen>())
            {
                if (seen.ObservedGeneration >= 0 && before?.Text != seen.Text)
                {
                    Check(seen, before);
                }

                before = seen;
            }
        }
    }

    /// <summary>The verdict of kstatus.</summary>
    public static string Verdict(ObjectMeta metadata, long observedGeneration, IReadOnlyList<Condition> conditions) =>
        metadata.DeletionTimestamp is not null ? "Terminating"
        : observedGeneration != metadata.Generation ? "InProgress"
        : Is(conditions, "Reconciling", "True") ? "InProgress"
        : Is(conditions, "Stalled", "True") ? "Failed"
        : Is(conditions, "Ready", "True") ? "Current"
        : "InProgress";

    private static Seen? Read(ClusterRecord.Entry entry) =>
        entry.Object.Kind.Kind switch
        {
            "VismaConnection" when Parse<VismaConnection>(entry) is var connection => new Seen(
                entry,
                connection.Metadata,
                connection.Status.ObservedGeneration,
                connection.Status.Conditions
            )
            {
                Token = connection.Status.Token,
            },
            "OAuthClient" when Parse<OAuthClient>(entry) is var client => new Seen(
                entry,
                client.Metadata,
                client.Status.ObservedGeneration,
                client.Status.Conditions
            ),
            "VismaConnectionSet" when Parse<VismaConnectionSet>(entry) is var set => new Seen(
                entry,
                set.Metadata,
                set.Status.ObservedGeneration,
                set.Status.Conditions
            ),
            _ => null,
        };

    private static T Parse<T>(ClusterRecord.Entry entry)
        where T : class, IResource<T> => JsonSerializer.Deserialize(entry.Object.Json.Span, T.JsonTypeInfo)!;

    private static void Check(Seen seen, Seen? before)
    {
        var conditions = seen.Conditions;
        Assert.True(seen.ObservedGeneration <= seen.Metadata.Generation, $"{seen} speaks of a generation to come");
        Assert.Equal(conditions.Count, conditions.DistinctBy(condition => condition.Type).Count());
        Assert.All(conditions, condition => CheckCondition(condition, seen));
        Assert.Contains(conditions, condition => condition.Type == "Ready");
        Assert.False(Is(conditions, "Stalled", "True") && Is(conditions, "Reconciling", "True"), $"{seen} is stalled and reconciling");
        Assert.False(Is(conditions, "Ready", "True") && Is(conditions, "Reconciling", "True"), $"{seen} is ready and reconciling");
        Assert.DoesNotContain(conditions, condition => condition is { Type: "Stalled" or "Reconciling", Status: not "True" });
        if (seen.Entry.Object.Kind.Kind == "VismaConnection" && Is(conditions, "Ready", "True"))
        {
            Assert.True(seen.Token?.ExpirationTime > seen.Entry.Time, $"{seen} is ready with an expired token");
        }

        CheckTransitions(seen, before);
    }

    private static void CheckCondition(Condition condition, Seen seen)
    {
        Assert.Matches("^[A-Z][A-Za-z0-9]*$", condition.Reason);
        Assert.Contains(condition.Status, (string[])["True", "False", "Unknown"]);
        Assert.InRange(condition.Message.Length, 1, 1024);
        if (condition.Type is "TokenAccepted" or "CopiesWritten")
        {
            Assert.True(condition.ObservedGeneration <= seen.ObservedGeneration); // of the spec that was probed, or copied for
        }
        else
        {
            Assert.Equal(seen.ObservedGeneration, condition.ObservedGeneration);
        }
    }

    private static void CheckTransitions(Seen seen, Seen? before)
    {
        foreach (var condition in seen.Conditions)
        {
            if (
                before?.Conditions.FirstOrDefault(other => other.Type == condition.Type) is { } earlier
                && earlier.Status == condition.Status
            )
            {
                Assert.Equal(earlier.LastTransitionTime, condition.LastTransitionTime);
            }
        }
    }

    private static bool Is(IEnumerable<Condition> conditions, string type, string status) =>
        conditions.Any(condition => condition.Type == type && condition.Status == status);

    private sealed record Seen(ClusterRecord.Entry Entry, ObjectMeta Metadata, long ObservedGeneration, IReadOnlyList<Condition> Conditions)
    {
        public TokenStatus? Token { get; init; }

        public string Text => string.Join('\n', Conditions) + ObservedGeneration + Token;

        public override string ToString() => $"{Entry.Object.Kind.Kind} {Entry.Object.Name} of {Entry.Time:HH:mm:ss}";
    }
}
