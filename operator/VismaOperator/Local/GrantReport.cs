using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Grants;

namespace VismaOperator.Local;

/// <summary>The state of the stored grants, for a process that is about to end.</summary>
internal sealed record GrantReport
{
    private static readonly ResourceSelector grantSecrets = new(LabelSelector: $"{VismaNames.SecretLabel}={VismaNames.GrantSecretValue}");

    /// <summary>Connections whose refresh token may be spent, and whose next one is not stored.</summary>
    public required IReadOnlySet<NamespacedName> OpenExchanges { get; init; }

    /// <summary>
    /// Names of connections that are gone and whose grants are still to be revoked: that takes a process that runs for
    /// <see cref="OrphanPolicy.Keep"/>.
    /// </summary>
    public required IReadOnlyList<NamespacedName> AwaitingRevocation { get; init; }

    /// <summary>Reads the grants of a cluster.</summary>
    public static async Task<GrantReport> ReadAsync(
        IKubernetesClient cluster,
        IReadOnlyList<VismaConnection> connections,
        CancellationToken cancellationToken
    )
    {
        var grants = await ListAsync(cluster, cancellationToken);
        var owners = connections
            .Where(connection => connection.Spec.Grant == Grant.AuthorizationCode)
            .Select(connection => connection.Metadata.NamespacedName)
            .ToHashSet();
        return new GrantReport
        {
            OpenExchanges = grants
                .Where(grant => grant.Document is { Held: not null, Intent: not null })
                .Select(grant => grant.Name)
                .ToHashSet(),
            AwaitingRevocation =
            [
                .. grants.Where(grant => IsToRevoke(grant.Document) && !owners.Contains(grant.Name)).Select(grant => grant.Name),
            ],
        };
    }

    /// <summary>Remarks about grants that outlive this process, as sentences; empty when there are none.</summary>
    public string ToText() =>
        AwaitingRevocation.Count == 0
            ? string.Empty
            : $"{(AwaitingRevocation.Count == 1 ? "1 grant awaits its" : $"{AwaitingRevocation.Count} grants await their")} revocation: "
                + $"{string.Join(", ", AwaitingRevocation)}. The refresh token of a connection that is gone is kept for ten minutes and "
                + "then revoked, by a process that runs for so long: run visma-operator local with this --state without --once, for "
                + "eleven minutes."
                + Environment.NewLine;

    private static bool IsToRevoke(GrantDocument grant) =>
        grant.DeletionPolicy == GrantDeletionPolicy.Revoke && (grant.Held is not null || grant.IsGrantUnreadable);

    private static async Task<List<(NamespacedName Name, GrantDocument Document)>> ListAsync(
        IKubernetesClient cluster,
        CancellationToken cancellationToken
    )
    {
        var secrets = await cluster.ListAsync<Secret>(grantSecrets, cancellationToken);
        return
        [
            .. secrets.Where(secret => secret.Metadata.Annotation(VismaNames.ConnectionAnnotation) is not null).Select(secret =>
                (
                    new NamespacedName(
                        secret.Metadata.NamespacedName.Namespace,
                        secret.Metadata.Annotation(VismaNames.ConnectionAnnotation)!
                    ),
                    GrantSecret.Read(secret)
                )
            ),
        ];
    }
}
