using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Cli.Cluster;
using VismaOperator.Grants;
using VismaOperator.Reporting;

namespace VismaOperator.Cli.Connect;

/// <summary>A cluster, as the account of the kubeconfig may see it.</summary>
/// <param name="client">The API server.</param>
/// <param name="server">Its address, for messages.</param>
/// <param name="time">Durations.</param>
internal sealed class ClusterSource(IKubernetesClient client, string server, TimeProvider time) : IConnectionSource
{
    private const int MostTries = 3;

    private readonly ClusterWords words = new(server);
    private readonly ClusterReader reader = new(client, server);

    private static readonly TimeSpan lookDeadline = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public string Name => $"the cluster {words.Server}";

    /// <inheritdoc/>
    public string Redeemer => "visma-operator run";

    /// <inheritdoc/>
    public Task<Lookup<T>> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T> => reader.FindAsync<T>(name, cancellationToken);

    /// <inheritdoc/>
    public async Task EnsureHandoffAsync(VismaConnection connection, CancellationToken cancellationToken)
    {
        var name = connection.HandoffSecretName();
        var found = await FindAsync<SecretMetadata>(name, cancellationToken);
        if (found.Failure is { } failure)
        {
            throw new ConnectException(failure);
        }

        RefuseForeign(found.Found, connection);
        foreach (var (verb, which) in new[] { ("create", null), ("delete", name.Name) })
        {
            if (!await MayAsync(verb, which, name.Namespace, cancellationToken))
            {
                throw new ConnectException(ClusterWords.Forbidden(verb, Secret.ResourceKind, name.Namespace));
            }
        }
    }

    /// <inheritdoc/>
    public async Task<ILeftHandoff> LeaveAsync(VismaConnection connection, Handoff handoff, CancellationToken cancellationToken)
    {
        var secret = HandoffSecret.Render(connection, handoff);
        var name = connection.HandoffSecretName();
        try
        {
            for (var tries = 0; ; tries++)
            {
                await RemoveOlderAsync(connection, cancellationToken);
                if (await TryCreateAsync(secret, name, tries, cancellationToken) is { } left)
                {
                    return left;
                }
            }
        }
        catch (Exception exception) when (ClusterWords.AreFor(exception))
        {
            throw new ConnectException(
                words.Of(
                    exception,
                    "create",
                    Secret.ResourceKind,
                    name.Namespace,
                    $"Secret {name}, which hands the code over, could not be written"
                ),
                exception
            );
        }
    }

    private async Task<LeftSecret?> TryCreateAsync(Secret secret, NamespacedName name, int tries, CancellationToken cancellationToken)
    {
        try
        {
            var created = await client.CreateAsync(secret, cancellationToken);
            return new LeftSecret(client, name, created.Metadata.Uid);
        }
        catch (KubernetesException taken) when (taken.IsAlreadyExists && tries < MostTries)
        {
            return null; // somebody else consents at the same moment: the last one counts
        }
        catch (OperationCanceledException)
        {
            await TakeBackAsync(secret, name);
            throw;
        }
        catch (Exception lost)
            when (lost is not KubernetesException { StatusCode: < HttpStatusCode.InternalServerError } && ClusterWords.AreFor(lost))
        {
            return await FindOursAsync(secret, name, lost);
        }
    }

    // The write may have arrived although its answer did not. A second write could make the operator send the code twice.
    private async Task<LeftSecret> FindOursAsync(Secret secret, NamespacedName name, Exception lost)
    {
        var answer = ApiTrouble.Answer(lost);
        try
        {
            return await FindAsync(secret, name)
                ?? throw new ConnectException(
                    $"The API server {answer}, so it is unknown whether Secret {name}, which hands the code over, was written. It is not "
                    + "there: the code may have been taken by the operator at once. Look at the status of the connection, and run connect "
                    + "again if it has not changed in a minute.",
                    lost
                );
        }
        catch (Exception failure) when (ClusterWords.AreFor(failure) || failure is OperationCanceledException)
        {
            throw new ConnectException(
                $"The API server {answer}. Secret {name}, which hands the code over, may have been written all the same: delete it if "
                + "the consent must not take effect. The code in it expires in five minutes.",
                lost
            );
        }
    }

    // The person has stopped waiting and would not expect the consent to take effect.
    private async Task TakeBackAsync(Secret secret, NamespacedName name)
    {
        try
        {
            if (await FindAsync(secret, name) is { } left)
            {
                using var deadline = Deadline.After(lookDeadline, time);
                await left.WithdrawAsync(deadline.Token);
            }
        }
        catch (Exception failure) when (ClusterWords.AreFor(failure) || failure is OperationCanceledException)
        {
            throw new ConnectException(
                $"The API server gives no answer. Secret {name}, which hands the code over, may have been written all the same: delete it "
                + "if the consent must not take effect. The code in it expires in five minutes.",
                failure
            );
        }
    }

    private async Task<LeftSecret?> FindAsync(Secret secret, NamespacedName name)
    {
        using var deadline = Deadline.After(lookDeadline, time);
        var found = await client.FindAsync<Secret>(name, deadline.Token);
        return found is not null && HandoffSecret.Read(found)?.Code.Code.FixedTimeEquals(HandoffSecret.Read(secret)!.Code.Code) == true
            ? new LeftSecret(client, name, found.Metadata.Uid)
            : null;
    }

    private async Task RemoveOlderAsync(VismaConnection connection, CancellationToken cancellationToken)
    {
        var name = connection.HandoffSecretName();
        if (await client.FindAsync<SecretMetadata>(name, cancellationToken) is { } older)
        {
            RefuseForeign(older, connection);
            await LeftSecret.DeleteAsync(client, name, older.Metadata.Uid, cancellationToken);
        }
    }

    private static void RefuseForeign(SecretMetadata? found, VismaConnection connection)
    {
        if (found is { Metadata: { DeletionTimestamp: null } metadata } && !HandoffSecret.IsOf(metadata, connection.Metadata.Name))
        {
            throw new ConnectException(
                $"Secret {metadata.NamespacedName} would hand the code over, but it belongs to someone else: it lacks the label "
                + $"{VismaNames.SecretLabel}={VismaNames.HandoffSecretValue} or the annotation {VismaNames.ConnectionAnnotation}. "
                + "Rename or delete it."
            );
        }
    }

    // Where the API server does not say, the write itself will.
    private async Task<bool> MayAsync(string verb, string? name, string namespaceName, CancellationToken cancellationToken) =>
        await AccessQuestion.MayAsync(
            client,
            new ResourceAttributes { Verb = verb, Resource = Secret.ResourceKind.Plural, Namespace = namespaceName, Name = name },
            cancellationToken
        )
        ?? true;
}
