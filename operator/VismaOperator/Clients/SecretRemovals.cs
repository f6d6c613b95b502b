using System.Globalization;
using Kubernetes.Client;
using Lifecycle;

namespace VismaOperator.Clients;

/// <summary>
/// Which connections lost their token Secret because their client no longer serves them. One change of a client can take many away, so they
/// are collected until no more follow and reported in one event. In memory only: if the process ends before that, the messages of the
/// connections still say the same.
/// </summary>
/// <param name="time">Clock.</param>
/// <param name="changed">Called with each client that has something to report.</param>
internal sealed class SecretRemovals(TimeProvider time, Action<NamespacedName> changed)
{
    /// <summary>Longer than it takes to reconcile the next connection, so that one change is one event.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);

    /// <summary>The first one is reported after this time, even if more follow.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly Lock padlock = new();
    private readonly Dictionary<NamespacedName, Gathered> gathered = [];

    /// <summary>A Secret was removed.</summary>
    /// <param name="client">The client that does not allow the connection.</param>
    /// <param name="connection">The connection whose Secret it was.</param>
    /// <param name="reason">
    /// Why: <see cref="Reason.TenantNotAllowed"/>, <see cref="Reason.ScopesExceeded"/> or <see cref="Reason.ClientNotAvailable"/>.
    /// </param>
    public void Add(NamespacedName client, NamespacedName connection, string reason)
    {
        lock (padlock)
        {
            var now = time.GetTimestamp();
            var known = gathered.GetValueOrDefault(client) ?? new Gathered(now);
            known.Last = now;
            known.Reasons[connection] = reason;
            gathered[client] = known;
        }

        changed(client);
    }

    /// <summary>Reports what is due for a client, once.</summary>
    /// <param name="client">The client.</param>
    /// <param name="tell">Reports it; false when that is not possible at the moment.</param>
    /// <returns>How long to wait for the rest; null when there is nothing more to report.</returns>
    public TimeSpan? Tell(NamespacedName client, Func<string, bool> tell)
    {
        lock (padlock)
        {
            if (!gathered.TryGetValue(client, out var known))
            {
                return null;
            }

            var (quiet, longest) = (Quiet - time.GetElapsedTime(known.Last), Longest - time.GetElapsedTime(known.First));
            var wait = quiet < longest ? quiet : longest;
            if (wait > TimeSpan.Zero)
            {
                return wait;
            }

            if (!tell(NoteOf(client, known.Reasons)))
            {
                return Quiet;
            }

            gathered.Remove(client);
            return null;
        }
    }

    /// <summary>The client is gone.</summary>
    public void Forget(NamespacedName client)
    {
        lock (padlock)
        {
            gathered.Remove(client);
        }
    }

    // The owner of the client sees the objects of its own namespace. Of other namespaces the event says only how many connections were
    // served, without names.
    private static string NoteOf(NamespacedName client, Dictionary<NamespacedName, string> removed)
    {
        var isOne = removed.Count == 1;
        var own = removed
            .Keys.Where(connection => connection.Namespace == client.Namespace)
            .Select(connection => connection.Name)
            .Order(StringComparer.Ordinal)
            .ToList();
        var others = removed
            .Keys.Where(connection => connection.Namespace != client.Namespace)
            .GroupBy(connection => connection.Namespace, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .ToList();
        List<string> where =
        [
            .. Own(own),
            .. others.Take(3).Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Count()} of namespace {group.Key}")),
            .. others.Count > 3
                ? [string.Create(CultureInfo.InvariantCulture, $"{others.Skip(3).Sum(group => group.Count())} of other namespaces")]
                : Array.Empty<string>(),
        ];
        var what = isOne
            ? "The token Secret of 1 connection was removed, since this OAuthClient no longer serves it"
            : $"The token Secrets of {removed.Count.ToString(CultureInfo.InvariantCulture)} connections were removed, since this "
                + "OAuthClient no longer serves them";
        return $"{what}: {string.Join(", ", where)}. "
            + $"{string.Join(' ', removed.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(Remedy))}";
    }

    private static IEnumerable<string> Own(List<string> names) =>
        names.Count switch
        {
            0 => [],
            <= 3 => [string.Join(", ", names)],
            _ =>
            [
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{string.Join(", ", names.Take(3))} and {names.Count - 3} more of this namespace"
                ),
            ],
        };

    private static string Remedy(string reason) =>
        reason switch
        {
            Reason.TenantNotAllowed =>
                "spec.tenants has no entry that fits, and with one entry or more only what is listed is served: add the tenants, "
                + "namespaces and scopes that are to be served, or remove spec.tenants.",
            Reason.ScopesExceeded =>
                "The tokens had more scopes than spec.tenants allows: remove them from the application, or allow them.",
            _ => "spec.allowedNamespaces does not allow their namespace: add it where it is to be served.",
        };

    private sealed class Gathered(long first)
    {
        public long First { get; } = first;

        public long Last { get; set; } = first;

        public Dictionary<NamespacedName, string> Reasons { get; } = [];
    }
}
