using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Clients;
using VismaOperator.Grants;
using VismaOperator.Probing;
using VismaOperator.Publishing;
using VismaOperator.Reporting;
using VismaOperator.Restarting;

namespace VismaOperator.Connections;

/// <summary>
/// Gathers the facts about one connection from the caches; of a person's grant it asks the API server. It writes nothing.
/// </summary>
internal sealed class ConnectionObserver(
    SecretNames names,
    Store<SecretMetadata> secrets,
    ClientResolver clients,
    GrantObserver grants,
    INamespaces namespaces,
    AllowLists allowLists,
    RecordedTimes times,
    ConnectionProbes probes,
    WorkloadRestarts restarts
)
{
    private static readonly ClientFacts unknownClient = new ClientFacts.Unusable(
        new Problem(Reason.ApiRequestFailed, "The OAuthClient was not looked at.", FailureKind.Transient) { Stage = FailureStage.Looking },
        RetryAt: null
    );

    /// <summary>The facts; null while a cache that they rest on has not been filled.</summary>
    /// <exception cref="UnobservedException">The API server did not answer.</exception>
    public async Task<Observation?> ObserveAsync(VismaConnection connection, CancellationToken cancellationToken)
    {
        var namespaceName = connection.Metadata.Namespace;
        if (
            !secrets.HasSyncedIn(namespaceName ?? string.Empty)
            || await LookAsync(
                clients.FindAsync(connection, cancellationToken),
                $"Namespace {namespaceName}, whose labels decide whether it may use the OAuthClient, could not be read",
                cancellationToken
            )
                is not { } answer
        )
        {
            return null;
        }

        var grant = connection.Spec.Grant == Grant.AuthorizationCode
            ? await LookAsync(
                grants.ObserveAsync(connection, answer.Client, cancellationToken),
                $"Secret {connection.GrantSecretName()}, which holds the grant, could not be read",
                cancellationToken
            )
            : null;
        var known = Cached(connection);
        var facts = known with
        {
            Connection = known.Connection with { RequestTurn = answer.RequestTurn },
            Client = answer.Facts,
            Grant = grant?.Grant ?? known.Grant,
            Consent = grant?.Consent ?? known.Consent,
        };
        return new Observation(facts, answer.Client, grant?.Snapshot);
    }

    /// <summary>The facts that need no request, for when a request failed: enough to report the token in service.</summary>
    public Facts Unobserved(VismaConnection connection, Problem problem) =>
        Cached(connection) with
        {
            Client = new ClientFacts.Unusable(problem, RetryAt: null),
        };

    private static async Task<T> LookAsync<T>(Task<T> look, string what, CancellationToken cancellationToken)
    {
        try
        {
            return await look;
        }
        catch (Exception failure) when (ApiTrouble.Is(failure) && !cancellationToken.IsCancellationRequested)
        {
            throw new UnobservedException(what, failure);
        }
    }

    private Facts Cached(VismaConnection connection)
    {
        var token = times.Token(connection);
        return new()
        {
            Connection = ConnectionFactsReader.Read(
                connection,
                allowLists,
                namespaces.IsTerminating(connection.Metadata.Namespace ?? string.Empty)
            ) with
            {
                SharesSecretNameWith = names.OthersAskingFor(connection),
            },
            Client = unknownClient,
            Secret = names.WhoseIs(connection),
            Token = token,
            OtherSecrets = ConnectionFactsReader.OtherSecrets(connection, token),
            Failure = times.Failure(connection),
            Removal = ConnectionFactsReader.Removal(connection),
            Probe = probes.FactsOf(connection),
            Restart = restarts.FactsOf(connection),
        };
    }
}

/// <summary>What was observed: facts for the policy, the client to act with when it can be used, and the grant as it is stored.</summary>
internal sealed record Observation(Facts Facts, ResolvedClient? Client, GrantSnapshot? Grant);
