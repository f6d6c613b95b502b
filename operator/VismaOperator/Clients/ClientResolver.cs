using System.Runtime.CompilerServices;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Api.Validation;

namespace VismaOperator.Clients;

/// <summary>
/// Answers, for one connection, which client it may use and what is known of it. All from caches: the connection does not wait for the
/// client's own reconcile.
/// </summary>
internal sealed class ClientResolver(
    Store<OAuthClient> clients,
    CredentialReader reader,
    ClientSecretTracker tracker,
    INamespaces namespaces,
    AllowLists allowLists,
    RequestTurns turns,
    TimeProvider time
)
{
    // No event reports a new permission.
    private static readonly TimeSpan namespaceRetry = TimeSpan.FromSeconds(30);

    // A client is looked at with each of its connections, and changes seldom.
    private readonly ConditionalWeakTable<OAuthClient, IReadOnlyList<FieldError>> checks = new();
    private readonly ConditionalWeakTable<OAuthClient, Resolution> resolutions = new();

    /// <summary>As long as a person waits for a page without concern.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    /// <summary>Looks the connection's client up; null while the caches do not know yet.</summary>
    public async Task<ClientAnswer?> FindAsync(VismaConnection connection, CancellationToken cancellationToken)
    {
        var name = connection.ClientName();
        if (!clients.HasSyncedIn(name.Namespace))
        {
            return new ClientAnswer(new ClientFacts.Unusable(ClientsUnreadable(name.Namespace), time.GetUtcNow() + namespaceRetry));
        }

        if (clients.Find(name) is not { } client || client.Metadata.DeletionTimestamp is not null)
        {
            return new ClientAnswer(new ClientFacts.Missing(NotAvailable(connection)));
        }

        if (await ObjectionAsync(client, connection, cancellationToken) is { } objection)
        {
            return new ClientAnswer(objection);
        }

        return reader.IsReady(client) ? Usability(client, connection) : null;
    }

    /// <summary>
    /// Looks the connection's client up, and waits a moment for caches that are not filled yet, as right after a start. Null when they are
    /// still not filled.
    /// </summary>
    public async Task<ClientAnswer?> FindSoonAsync(VismaConnection connection, CancellationToken cancellationToken)
    {
        var answer = await FindAsync(connection, cancellationToken);
        if (answer is null && clients.Find(connection.ClientName()) is { } client)
        {
            await WaitForSecretsAsync(client, cancellationToken);
            answer = await FindAsync(connection, cancellationToken);
        }

        return answer;
    }

    /// <summary>Whether a client may be used for connections of a namespace, before its tenants are looked at.</summary>
    public async Task<Allowance> AllowanceAsync(OAuthClient client, string namespaceName, CancellationToken cancellationToken) =>
        AllowanceOf(
            client,
            namespaceName,
            DoLabelsDecide(client, namespaceName)
                ? await namespaces.LabelsOfAsync(namespaceName, cancellationToken)
                : new NamespaceLabels.Unreadable()
        );

    /// <summary>The same, by labels that are known already or not at all; <c>check</c> asks it, too.</summary>
    public static Allowance AllowanceOf(OAuthClient client, string namespaceName, NamespaceLabels labels)
    {
        var home = client.Metadata.Namespace ?? string.Empty;
        var allowed = client.Spec.AllowedNamespaces;
        if (!DoLabelsDecide(client, namespaceName))
        {
            return allowed.Includes(home, namespaceName, connectionNamespaceLabels: null) ? Allowance.Given : Allowance.Denied;
        }

        return labels switch
        {
            NamespaceLabels.Known known => allowed.Includes(home, namespaceName, known.Labels) ? Allowance.Given : Allowance.Denied,
            NamespaceLabels.Absent => Allowance.NamespaceGone,
            _ => Allowance.Unknown,
        };
    }

    /// <summary>The client with its credentials, or why it cannot be used.</summary>
    public (ResolvedClient? Usable, Problem? Problem) Describe(OAuthClient client)
    {
        var name = client.Metadata.NamespacedName;
        if (checks.GetValue(client, Check) is [var broken, ..])
        {
            return (null, new Problem(broken.Reason, $"OAuthClient {name}: {broken.Path}: {broken.Message}"));
        }

        if (client.Spec.ClientIdFrom is { SecretKeyRef: var id } && IsClientSecret(client, id))
        {
            return (null, ClientIdSecret.IsClientSecret(client, id));
        }

        var resolution = Resolve(client);
        if (resolution.Usable is not { } usable)
        {
            return (null, resolution.Problem);
        }

        tracker.Follow(usable);
        return (usable.SeenWith(tracker.SnapshotOf(usable)), null);
    }

    // Read again only when a Secret changed, not for each connection: a restart looks at all connections of a client.
    private Resolution Resolve(OAuthClient client)
    {
        var known = resolutions.TryGetValue(client, out var earlier) ? earlier : null;
        var secrets = reader.Look(client); // before they are read, so that a change meanwhile is noticed at the next look
        if (known is not null && known.Secrets.SequenceEqual(secrets, ReferenceEqualityComparer.Instance))
        {
            return known;
        }

        // Read once: the Secret may arrive between two looks.
        var (usable, problem) = reader.ClientId(client) switch
        {
            ReadValue.Found clientId => WithSecrets(client, clientId.Value),
            ReadValue.Unreadable unreadable => (null, unreadable.Problem),
            var value => throw new InvalidOperationException($"Unknown value {value.GetType().Name}."),
        };
        var resolution = new Resolution(secrets, usable, problem);
        // Each Secret that is there has an instance of its own. All missing ones share one, which would hide a change.
        if (secrets.All(secret => secret is Watched<Secret>.Present))
        {
            resolutions.AddOrUpdate(client, resolution);
        }

        return resolution;
    }

    private IReadOnlyList<FieldError> Check(OAuthClient client) => OAuthClientRules.Check(client.Spec, allowLists);

    // A Secret may hold the id and the secret of one application. Then its label allows both, and only the specs of the clients distinguish
    // them. A client that was created later does not disable an earlier one's id.
    private bool IsClientSecret(OAuthClient client, SecretKeyReference id) =>
        clients.FindBy(CredentialReader.Index, new NamespacedName(client.Metadata.Namespace ?? string.Empty, id.Name).ToString())
            .Any(other => CreationOf(other) <= CreationOf(client) && other.Spec.ClientSecrets.Any(secret => secret.SecretKeyRef == id));

    private static DateTimeOffset CreationOf(OAuthClient client) => client.Metadata.CreationTimestamp ?? DateTimeOffset.MinValue;

    private (ResolvedClient? Usable, Problem? Problem) WithSecrets(OAuthClient client, Sensitive clientId)
    {
        var (credentials, problem) = reader.ClientSecrets(client);
        return credentials.Count == 0 ? (null, problem) : (Usable(client, clientId.Reveal(), credentials), null);
    }

    private async Task WaitForSecretsAsync(OAuthClient client, CancellationToken cancellationToken)
    {
        using var deadline = Deadline.Linked(Soon, time, cancellationToken);
        try
        {
            await reader.WhenReadyAsync(client, deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The caller learns that the cluster does not answer.
        }
    }

    private static ResolvedClient Usable(OAuthClient client, string clientId, IReadOnlyList<Credential> credentials) =>
        new()
        {
            Name = client.Metadata.NamespacedName,
            Issuer = new Uri(client.Spec.Issuer),
            TokenEndpoint = client.Spec.Endpoints?.Token is { Length: > 0 } token ? new Uri(token) : null,
            AuthorizationEndpoint = client.Spec.Endpoints?.Authorization is { Length: > 0 } authorization ? new Uri(authorization) : null,
            RevocationEndpoint = client.Spec.Endpoints?.Revocation is { Length: > 0 } revocation ? new Uri(revocation) : null,
            RedirectUri = client.Spec.RedirectUri is { Length: > 0 } redirect ? new Uri(redirect) : null,
            ClientId = clientId,
            Method =
                client.Spec.AuthenticationMethod == AuthenticationMethod.ClientSecretBasic
                    ? ClientAuthenticationMethod.ClientSecretBasic
                    : ClientAuthenticationMethod.ClientSecretPost,
            Credentials = credentials,
            Tenants = client.Spec.Tenants,
            RecordedActive = client.Status.ActiveSecret,
            RecordedTrials = client.Status.ClientSecrets ?? [],
            RecordedRefusal = client.Status.Refusal,
        };

    private ClientAnswer Usability(OAuthClient client, VismaConnection connection)
    {
        var (usable, problem) = Describe(client);
        if (usable is null)
        {
            return new ClientAnswer(
                problem!.Kind == FailureKind.NotThereYet
                    ? new ClientFacts.Missing(problem) { IsReference = true }
                    : new ClientFacts.Unusable(problem, RetryAt: null)
            );
        }

        return new ClientAnswer(FactsOf(usable, connection), usable) { RequestTurn = turns.Of(connection) };
    }

    // A limit that changes is a reason to try again what exceeded it.
    private ClientFacts.Usable FactsOf(ResolvedClient client, VismaConnection connection)
    {
        var limit = client.ScopeLimitFor(connection);
        var revision = limit is null
            ? client.Revision
            : ShortHash.Of([client.Revision, .. limit.Lists.Select(list => string.Join(' ', list))]);
        return new ClientFacts.Usable(client.Inputs, revision)
        {
            ScopeLimit = limit,
            TriesSecret = tracker.IsAppointed(client, connection.Metadata.NamespacedName),
            Refusal = RefusalOf(client, connection),
        };
    }

    private static ClientRefusal? RefusalOf(ResolvedClient client, VismaConnection connection) =>
        client.Seen is { RetryAt: { } retryAt, Description: var description }
            ? new ClientRefusal(
                client.Explain(
                    RequestFailure.Refused.OfClient(description),
                    ConnectionRequests.ContextOf(connection) with { Client = client.Name.ToString() }
                ),
                retryAt
            )
            : null;

    // The same message whether the client is missing or does not allow this namespace: those who may not use it learn nothing about it.
    private static Problem NotAvailable(VismaConnection connection)
    {
        var name = connection.ClientName();
        var namespaceName = connection.Metadata.Namespace;
        return new Problem(
            Reason.ClientNotAvailable,
            name.Namespace == namespaceName
                ? $"OAuthClient {name} does not exist. Apply it, or correct spec.oauthClientRef."
                : $"OAuthClient {name} does not exist, or does not allow namespace {namespaceName}. Apply it, add the namespace to its "
                    + "spec.allowedNamespaces, or correct spec.oauthClientRef.",
            FailureKind.NotThereYet
        );
    }

    // Why this connection may not use the client, or may not for now; null when it may.
    private async Task<ClientFacts?> ObjectionAsync(OAuthClient client, VismaConnection connection, CancellationToken cancellationToken)
    {
        var namespaceName = connection.Metadata.Namespace ?? string.Empty;
        return await AllowanceAsync(client, namespaceName, cancellationToken) switch
        {
            Allowance.Unknown => new ClientFacts.Unusable(NamespaceUnreadable(namespaceName), time.GetUtcNow() + namespaceRetry),
            Allowance.Denied or Allowance.NamespaceGone => new ClientFacts.NotAllowing(NotAvailable(connection)),
            _ when IsTenantAllowed(client.Spec.Tenants, connection) => null,
            _ => new ClientFacts.NotAllowing(TenantNotAllowed(client, connection)),
        };
    }

    private static Problem TenantNotAllowed(OAuthClient client, VismaConnection connection) =>
        new(
            Reason.TenantNotAllowed,
            $"OAuthClient {client.Metadata.NamespacedName} does not serve tenant {connection.Spec.TenantId ?? "(none)"} with these "
            + $"scopes to namespace {connection.Metadata.Namespace}. Ask its owner to add the combination to spec.tenants."
        );

    // An unreadable namespace is not an empty one, so nothing is withdrawn.
    private static Problem ClientsUnreadable(string namespaceName) =>
        new(
            Reason.NamespaceForbidden,
            $"The operator cannot read OAuthClients in namespace {namespaceName}: the namespace, or the Role and RoleBinding of the "
            + "operator in it, "
                + "is missing. Create them; until then the present token is kept and not renewed."
        );

    private static Problem NamespaceUnreadable(string namespaceName) =>
        new(
            Reason.NamespaceForbidden,
            $"The operator may not read namespace {namespaceName}, whose labels decide whether it may use the OAuthClient. Grant its "
            + "service account get on this namespace; until then the present token is kept and not renewed."
        );

    /// <summary>True when only the labels of a namespace decide whether its connections may use the client.</summary>
    public static bool DoLabelsDecide(OAuthClient client, string namespaceName) =>
        namespaceName != client.Metadata.Namespace && client.Spec.AllowedNamespaces.From == NamespaceScope.Selector;

    /// <summary>Whether a client's list of tenants has what a connection asks for.</summary>
    public static bool IsTenantAllowed(IReadOnlyList<TenantRule>? rules, VismaConnection connection) =>
        rules is null || rules.Any(rule => rule.Serves(connection));

    /// <summary>What one version of a client came to with its Secrets as they were.</summary>
    private sealed record Resolution(IReadOnlyList<Watched<Secret>> Secrets, ResolvedClient? Usable, Problem? Problem);
}

/// <summary>What a connection learns about its client.</summary>
/// <param name="Facts">What the policy decides by.</param>
/// <param name="Client">The client with its credentials, refused or not; null where it cannot be used.</param>
internal sealed record ClientAnswer(ClientFacts Facts, ResolvedClient? Client = null)
{
    /// <summary>
    /// When it is the connection's turn to have a request attempted; null where none waits, or where nothing could be attempted.
    /// </summary>
    public DateTimeOffset? RequestTurn { get; init; }
}

/// <summary>Whether a client may be used for a namespace.</summary>
internal enum Allowance
{
    /// <summary>Its owner does not allow the namespace.</summary>
    Denied,

    /// <summary>Its owner allows the namespace.</summary>
    Given,

    /// <summary>The labels decide, and there is no namespace that could have any.</summary>
    NamespaceGone,

    /// <summary>The labels decide, and may not be read.</summary>
    Unknown,
}
