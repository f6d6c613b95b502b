using Kubernetes.Client;
using Kubernetes.Controllers.Caching;
using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Clients;

/// <summary>
/// Spaces the refreshes that annotations ask for, so that all connections of a client together cause at most one attempt in
/// <see cref="RequestRules.Gap"/>. First come, first served: a connection that asks without pause goes to the end of the line each
/// time. What was attempted before a restart is read from the status of the client's connections.
/// </summary>
internal sealed class RequestTurns(Store<VismaConnection> connections, TimeProvider time)
{
    private readonly Lock padlock = new();
    private readonly Dictionary<NamespacedName, Line> lines = [];

    /// <summary>
    /// When the connection's request may be attempted. An instant that is not in the future is a turn that was given: the attempt is
    /// expected at once, and the next turn is a gap later. Null where no request waits.
    /// </summary>
    public DateTimeOffset? Of(VismaConnection connection)
    {
        if (!Asks(connection))
        {
            return null;
        }

        lock (padlock)
        {
            var (client, now) = (connection.ClientName(), time.GetUtcNow());
            if (!lines.TryGetValue(client, out var line))
            {
                lines[client] = line = new Line();
            }

            line.Leave(key => connections.Find(key) is not { } present || present.ClientName() != client || !Asks(present));
            return line.TurnOf(connection, LastOf(client, line, now), new Moment(now, time));
        }
    }

    /// <summary>The client is gone.</summary>
    public void Forget(NamespacedName client)
    {
        lock (padlock)
        {
            lines.Remove(client);
        }
    }

    private static bool Asks(VismaConnection connection) => ConnectionRequests.IsUnhandled(connection) && !connection.Spec.Suspend;

    private DateTimeOffset? LastOf(NamespacedName client, Line line, DateTimeOffset now) =>
        connections
            .FindBy(OAuthClientObserver.ClientIndex, client.ToString())
            .Select(connection => connection.Status.LastHandledReconcileTime)
            .Append(line.Last?.Instant)
            .Where(last => last <= now + RequestRules.Gap) // a later one comes from a clock that was set back since
            .Max();

    private sealed class Line
    {
        private readonly List<NamespacedName> waiting = [];

        // The turns that were given, each with the request that counted as handled at that time. A turn is over once another request counts
        // as handled, or the same one was put off. So a connection whose request cannot be attempted yet does not hold up the others.
        private readonly Dictionary<NamespacedName, (Moment At, (string? Request, DateTimeOffset? Time) Handled)> given = [];

        public Moment? Last { get; private set; }

        public void Leave(Predicate<NamespacedName> isGone)
        {
            waiting.RemoveAll(isGone);
            foreach (var key in given.Keys.Where(key => isGone(key)).ToList())
            {
                given.Remove(key);
            }
        }

        public DateTimeOffset TurnOf(VismaConnection connection, DateTimeOffset? last, Moment now)
        {
            var key = connection.Metadata.NamespacedName;
            var handled = (connection.Status.LastHandledReconcileAt, connection.Status.LastHandledReconcileTime);
            if (given.TryGetValue(key, out var turn) && turn.Handled == handled)
            {
                Last = now; // the attempt did not come about yet
                return turn.At.Instant;
            }

            given.Remove(key);
            if (!waiting.Contains(key))
            {
                waiting.Add(key);
            }

            var at = last + (RequestRules.Gap * (waiting.IndexOf(key) + 1)) ?? now.Instant;
            if (at > now.Instant)
            {
                return at;
            }

            waiting.Remove(key);
            given[key] = (now, handled);
            Last = now;
            return now.Instant;
        }
    }
}
