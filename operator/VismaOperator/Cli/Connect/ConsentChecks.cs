using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Cluster;
using VismaOperator.Clients;
using VismaOperator.Publishing;

namespace VismaOperator.Cli.Connect;

/// <summary>
/// Finds out what a consent would be for, and refuses early what would fail after it: a person is not sent to the provider in vain.
/// </summary>
internal sealed class ConsentChecks(IConnectionSource source, AllowLists allowLists)
{
    /// <summary>Reads connection and client and checks them.</summary>
    /// <param name="name">The connection.</param>
    /// <param name="clientId">Client id to use instead of reading it; null to read it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ConnectException">Something is missing or wrong.</exception>
    public async Task<ConsentSubject> ReadAsync(NamespacedName name, string? clientId, CancellationToken cancellationToken)
    {
        var connection = Existing(
            await source.FindAsync<VismaConnection>(name, cancellationToken),
            $"VismaConnection {name} does not exist in {source.Name}. Apply it first, or correct the name."
        );
        CheckConnection(connection);
        var client = await ClientAsync(connection, cancellationToken);
        if (OAuthClientRules.Check(client.Spec, allowLists) is [var broken, ..])
        {
            throw new ConnectException($"OAuthClient {client.Metadata.NamespacedName}: {broken.Path}: {broken.Message}");
        }

        await source.EnsureHandoffAsync(connection, cancellationToken);
        return new ConsentSubject(connection, client, clientId ?? await ClientIdAsync(client, cancellationToken), DoubtAbout(connection));
    }

    private static void CheckConnection(VismaConnection connection)
    {
        var name = connection.Metadata.NamespacedName;
        if (connection.Metadata.DeletionTimestamp is not null)
        {
            throw new ConnectException($"VismaConnection {name} is being deleted.");
        }

        if (connection.Spec.Grant != Grant.AuthorizationCode)
        {
            throw new ConnectException(
                $"VismaConnection {name} needs nobody's consent: its spec.grant is {connection.Spec.Grant}. Set spec.grant to "
                + "AuthorizationCode if it is to act for a person."
            );
        }

        if (connection.Spec.Suspend)
        {
            throw new ConnectException(
                $"VismaConnection {name} is suspended, so that a code would not be redeemed. Set spec.suspend to false first."
            );
        }
    }

    private async Task<OAuthClient> ClientAsync(VismaConnection connection, CancellationToken cancellationToken)
    {
        var (name, home) = (connection.ClientName(), connection.Metadata.Namespace ?? string.Empty);
        var missing =
            $"OAuthClient {name}, which VismaConnection {connection.Metadata.NamespacedName} uses, does not exist in {source.Name}. "
            + "Apply it, or correct spec.oauthClientRef.";
        var client = Existing(await source.FindAsync<OAuthClient>(name, cancellationToken), missing);
        if (!await AllowsAsync(client, home, cancellationToken))
        {
            throw new ConnectException(
                $"OAuthClient {name} does not allow namespace {home}. Add the namespace to its spec.allowedNamespaces."
            );
        }

        return ClientResolver.IsTenantAllowed(client.Spec.Tenants, connection)
            ? client
            : throw new ConnectException(
                $"OAuthClient {name} does not serve tenant {connection.Spec.TenantId ?? "(none)"} with these scopes to namespace "
                + $"{home}. Add the combination to its spec.tenants."
            );
    }

    // The operator decides by labels that this person may not read.
    private async Task<bool> AllowsAsync(OAuthClient client, string asker, CancellationToken cancellationToken)
    {
        var found = ClientResolver.DoLabelsDecide(client, asker)
            ? (await source.FindAsync<Namespace>(NamespacedName.ClusterScoped(asker), cancellationToken)).Found
            : null;
        var labels = found is null ? new NamespaceLabels.Unreadable() : NamespaceLabels.Of(found);
        return ClientResolver.AllowanceOf(client, asker, labels) is Allowance.Given or Allowance.Unknown;
    }

    private async Task<string> ClientIdAsync(OAuthClient client, CancellationToken cancellationToken)
    {
        if (client.Spec.ClientIdFrom?.SecretKeyRef is not { } reference)
        {
            return client.Spec.ClientId!; // the rules want one of the two
        }

        var name = new NamespacedName(client.Metadata.Namespace ?? string.Empty, reference.Name);
        const string Otherwise = "A client id is no secret: --client-id says it, too.";
        var secret = Existing(
            await source.FindAsync<Secret>(name, cancellationToken),
            $"Secret {name}, which holds the client id of OAuthClient {client.Metadata.NamespacedName}, cannot be found in "
            + $"{source.Name}. {Otherwise}",
            Otherwise);
        var (id, problem) = ClientIdSecret.Read(secret, reference, client.Metadata.NamespacedName);
        return id ?? throw new ConnectException($"{problem!.Message} {Otherwise}");
    }

    /// <summary>
    /// The last report of the operator, if it is about more than the consent. The problem may be solved since, so it is no reason to
    /// refuse.
    /// </summary>
    private static string? DoubtAbout(VismaConnection connection) =>
        connection.Status.ObservedGeneration == connection.Metadata.Generation
        && ConnectionFactsReader.Problem(connection, ConditionType.Stalled) is { Kind: not FailureKind.NeedsConsent } stalled
            ? $"The operator says of {connection.Metadata.NamespacedName}: {stalled.Reason}: {stalled.Message}"
            : null;

    private static T Existing<T>(Lookup<T> look, string missing, string? otherwise = null)
        where T : class =>
        look.Found ?? throw new ConnectException(look.Failure is { } failure ? $"{failure} {otherwise}".TrimEnd() : missing);
}
