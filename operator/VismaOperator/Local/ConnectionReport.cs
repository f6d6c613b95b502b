using System.Globalization;
using Kubernetes.Client;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Publishing;
using VismaOperator.Sets;

namespace VismaOperator.Local;

/// <summary>The state of every connection, as <c>local --once</c> prints it and decides by it.</summary>
internal sealed class ConnectionReport(
    IReadOnlyList<VismaConnection> connections,
    IReadOnlyList<VismaConnectionSet> sets,
    GrantReport grants,
    DateTimeOffset now
)
{
    private const string Ready = "Ready";
    private const string Stalled = "Stalled";
    private const string True = "True";
    private const string False = "False";
    private static readonly string[] header = ["NAMESPACE", "CONNECTION", "READY", "REASON", "EXPIRES", "SECRET", "MESSAGE"];

    /// <summary>True when no connection changes any more without somebody's doing.</summary>
    public bool IsSettled =>
        connections.All(connection =>
            (IsReady(connection) && !IsExchanging(connection))
            || IsStalled(connection)
            || IsAwaitingConsent(connection)
            || connection.Spec.Suspend
        )
        && sets.All(IsSettledSet);

    /// <summary>True when there are connections and each has a valid token for its present spec.</summary>
    public bool AllReady => connections.Count > 0 && connections.All(IsReady) && sets.All(set => IsTold(set, Ready, True));

    /// <summary>
    /// Connections with an open exchange: the refresh token may be spent and must be sent again within the provider's grace, even while the
    /// published token is valid.
    /// </summary>
    public IReadOnlyList<NamespacedName> Exchanging =>
        [.. connections.Where(IsExchanging).Select(connection => connection.Metadata.NamespacedName)];

    public static async Task<ConnectionReport> ReadAsync(IKubernetesClient cluster, TimeProvider time, CancellationToken cancellationToken)
    {
        var connections = await cluster.ListAsync<VismaConnection>(ResourceSelector.All, cancellationToken);
        return new ConnectionReport(
            connections,
            await cluster.ListAsync<VismaConnectionSet>(ResourceSelector.All, cancellationToken),
            await GrantReport.ReadAsync(cluster, connections, cancellationToken),
            time.GetUtcNow()
        );
    }

    /// <summary>The report as a table with aligned columns; one line that says so where there are no connections.</summary>
    public string ToTable()
    {
        if (connections.Count == 0)
        {
            return "The manifests hold no VismaConnection." + Environment.NewLine;
        }

        string[][] rows =
        [
            header,
            .. connections.OrderBy(connection => connection.Metadata.NamespacedName.ToString(), StringComparer.Ordinal).Select(Row),
        ];
        var widths = header.Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        return string.Concat(
            rows.Select(row =>
                string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd() + Environment.NewLine
            )
        );
    }

    /// <summary>Further remarks, one line each. A valid token does not make up for a consent that is lost, or about to be lost.</summary>
    /// <param name="lost">Connections of which a refresh token was received and could not be stored.</param>
    public string Remarks(IEnumerable<NamespacedName> lost) =>
        string.Concat(
            lost.Select(Lost)
                .Concat(Exchanging.Select(Open))
                .Concat(connections.Select(NotAccepted).OfType<string>())
                .Concat(connections.Select(NotCopied).OfType<string>())
                .Concat(sets.Select(NotReady).OfType<string>())
                .Select(line => line + Environment.NewLine)
        ) + grants.ToText();

    private static string? NotReady(VismaConnectionSet set) =>
        Conditions.Find(set.Status.Conditions, Ready) is { Status: False } said
            ? $"VismaConnectionSet {set.Metadata.NamespacedName} is not Ready: {said.Reason}: {said.Message}"
            : null;

    private static string? NotAccepted(VismaConnection connection) =>
        Conditions.Find(connection.Status.Conditions, ConditionType.TokenAccepted) is { Status: False } probed
            ? $"The last probe of {connection.Metadata.NamespacedName} failed: {probed.Reason}: {probed.Message}"
            : null;

    private static string? NotCopied(VismaConnection connection) =>
        Conditions.Find(connection.Status.Conditions, ConditionType.CopiesWritten) is { Status: False } copied
            ? $"Of {connection.Metadata.NamespacedName}: {copied.Reason}: {copied.Message}"
            : null;

    private static string Lost(NamespacedName connection) =>
        $"A new refresh token of {connection} could not be stored and is lost: somebody may have to consent again.";

    private static string Open(NamespacedName connection) =>
        $"The answer to an exchange of the refresh token of {connection} has not come: run this again at once, since the provider may take "
        + "the old token for a moment only.";

    private static string[] Row(VismaConnection connection)
    {
        var ready = Conditions.Find(connection.Status.Conditions, Ready);
        var why = Conditions.Find(connection.Status.Conditions, Stalled) ?? ready;
        return
        [
            connection.Metadata.NamespacedName.Namespace,
            connection.Metadata.Name,
            ready?.Status ?? "Unknown",
            why?.Reason ?? string.Empty,
            connection.Status.Token?.ExpirationTime?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? string.Empty,
            connection.Status.SecretName ?? string.Empty,
            why?.Message.ReplaceLineEndings(" ") ?? string.Empty,
        ];
    }

    private bool IsReady(VismaConnection connection) =>
        IsOfThisGeneration(connection)
        && Conditions.Find(connection.Status.Conditions, Ready)?.Status == True
        && connection.Status.Token?.ExpirationTime > now; // a status from before a long stop may still say Ready

    // A connection that waits for a person continues when that person has acted.
    private bool IsExchanging(VismaConnection connection) =>
        grants.OpenExchanges.Contains(connection.Metadata.NamespacedName)
        && !connection.Spec.Suspend
        && connection.Spec.Grant == Grant.AuthorizationCode
        && Conditions.Find(connection.Status.Conditions, ConditionType.Authorized)?.Status != False
        && ConnectionFactsReader.Failure(connection)?.Problem.Kind is null or FailureKind.Transient;

    private static bool IsStalled(VismaConnection connection) =>
        IsOfThisGeneration(connection) && Conditions.Find(connection.Status.Conditions, Stalled)?.Status == True;

    // Reconciling by the rules of kstatus, yet nothing happens until a person consents, for which no script should wait.
    private static bool IsAwaitingConsent(VismaConnection connection) =>
        IsOfThisGeneration(connection)
        && ConnectionFactsReader.Problem(connection, ConditionType.Reconciling)?.Kind == FailureKind.NeedsConsent;

    // A set whose connections wait for a person waits with them.
    private bool IsSettledSet(VismaConnectionSet set) =>
        IsTold(set, Ready, True)
        || IsTold(set, Stalled, True)
        || (set.Status.ObservedGeneration == set.Metadata.Generation
            && connections.Any(connection => SetConnections.IsOf(connection, set) && !IsReady(connection)));

    private static bool IsTold(VismaConnectionSet set, string type, string status) =>
        set.Status.ObservedGeneration == set.Metadata.Generation && Conditions.Find(set.Status.Conditions, type)?.Status == status;

    private static bool IsOfThisGeneration(VismaConnection connection) =>
        connection.Status.ObservedGeneration == connection.Metadata.Generation;
}
