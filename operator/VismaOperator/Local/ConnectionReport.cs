using System.Globalization;
using Kubernetes.Client;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Local;

/// <summary>Where every connection stands, as <c>local --once</c> prints it and decides by it.</summary>
internal sealed class ConnectionReport(IReadOnlyList<VismaConnection> connections, DateTimeOffset now)
{
    private const string Ready = "Ready";
    private const string Stalled = "Stalled";
    private const string True = "True";
    private static readonly string[] Header = ["NAMESPACE", "CONNECTION", "READY", "REASON", "EXPIRES", "SECRET", "MESSAGE"];

    /// <summary>True when no connection changes any more without somebody's doing.</summary>
    public bool IsSettled =>
        connections.All(connection =>
            IsReady(connection) || IsStalled(connection) || IsAwaitingConsent(connection) || connection.Spec.Suspend
        );

    /// <summary>True when there are connections and each has a valid token for its present spec.</summary>
    public bool AllReady => connections.Count > 0 && connections.All(IsReady);

    /// <summary>Reads the connections of a cluster.</summary>
    public static async Task<ConnectionReport> ReadAsync(IKubernetesClient cluster, TimeProvider time, CancellationToken cancellationToken)
    {
        var connections = new List<VismaConnection>();
        string? next = null;
        do
        {
            var page = await cluster.ListPageAsync<VismaConnection>(ResourceSelector.All, limit: 500, next, cancellationToken);
            connections.AddRange(page.Items);
            next = page.ContinueToken;
        }
        while (next is not null);
        return new ConnectionReport(connections, time.GetUtcNow());
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
            Header,
            .. connections.OrderBy(connection => connection.Metadata.NamespacedName.ToString(), StringComparer.Ordinal).Select(Row),
        ];
        var widths = Header.Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        return string.Concat(
            rows.Select(row =>
                string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd() + Environment.NewLine
            )
        );
    }

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

    private static bool IsStalled(VismaConnection connection) =>
        IsOfThisGeneration(connection) && Conditions.Find(connection.Status.Conditions, Stalled)?.Status == True;

    // Reconciling by the rules of kstatus, yet nothing happens until a person consents, for which no script should wait.
    private static bool IsAwaitingConsent(VismaConnection connection) =>
        IsOfThisGeneration(connection)
        && Conditions.Find(connection.Status.Conditions, ConditionType.Reconciling)?.Reason == Reason.AwaitingConsent;

    private static bool IsOfThisGeneration(VismaConnection connection) =>
        connection.Status.ObservedGeneration == connection.Metadata.Generation;
}
