using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Grants;

/// <summary>
/// Reads and writes grants: one Secret for each connection, always from the API server, never from a cache. Every write names the version
/// that it was decided on, so that the leader and the replicas that serve consents settle by compare-and-swap.
/// </summary>
internal sealed class GrantStore(IKubernetesClient client)
{
    // Each round follows a write by somebody else; after a few in a row the caller decides.
    private const int MaxRounds = 8;

    /// <summary>What is stored for a connection.</summary>
    public async Task<GrantRead> ReadAsync(NamespacedName connection, CancellationToken cancellationToken)
    {
        var name = NameOf(connection);
        var secret = await client.FindAsync<Secret>(name, cancellationToken);
        return secret switch
        {
            null => new GrantRead.Found(new GrantSnapshot(connection, GrantDocument.Empty, Present: null)),
            _ when !GrantSecret.IsOf(secret.Metadata, connection.Name) => new GrantRead.Foreign(NotOwned(name, connection)),
            _ => new GrantRead.Found(new GrantSnapshot(connection, GrantSecret.Read(secret), secret.Metadata)),
        };
    }

    /// <summary>Stores a document in place of the one that was read.</summary>
    /// <exception cref="KubernetesException">Somebody else wrote first (Conflict, AlreadyExists, NotFound), or the API server
    /// rejects.</exception>
    public async Task<GrantSnapshot> WriteAsync(GrantSnapshot read, GrantDocument document, CancellationToken cancellationToken)
    {
        var secret = GrantSecret.Render(NameOf(read.Connection), read.Connection.Name, document, read.Present);
        var written = read.Present is null
            ? await client.CreateAsync(secret, cancellationToken)
            : await client.ReplaceAsync(secret, cancellationToken);
        return read with { Document = document, Present = written.Metadata };
    }

    /// <summary>Reads, changes and writes, again after each write of somebody else.</summary>
    /// <param name="connection">Whose grant.</param>
    /// <param name="change">The document to store in place of the present one; null to leave it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>What is stored now; null when nothing was changed, or the Secret is not ours.</returns>
    public async Task<GrantSnapshot?> ChangeAsync(
        NamespacedName connection,
        Func<GrantDocument, GrantDocument?> change,
        CancellationToken cancellationToken
    )
    {
        for (var round = 1; ; round++)
        {
            if (
                await ReadAsync(connection, cancellationToken) is not GrantRead.Found { Snapshot: var read }
                || change(read.Document) is not { } changed
            )
            {
                return null;
            }

            try
            {
                return await WriteAsync(read, changed, cancellationToken);
            }
            catch (KubernetesException failure) when (failure.IsLostRace && round < MaxRounds)
            {
                // Looked at again.
            }
        }
    }

    /// <summary>Deletes the Secret, exactly as it was read.</summary>
    public async Task DeleteAsync(GrantSnapshot read, CancellationToken cancellationToken)
    {
        if (read.Present is { } present)
        {
            await client.DeleteAsync<SecretMetadata>(
                NameOf(read.Connection),
                new DeletePreconditions(present.Uid, present.ResourceVersion),
                cancellationToken
            );
        }
    }

    /// <summary>Name of the Secret that holds a connection's grant.</summary>
    public static NamespacedName NameOf(NamespacedName connection) =>
        new(connection.Namespace, connection.Name + AuthorizationSpec.GrantSecretSuffix);

    /// <summary>The API server does not let us write the Secret.</summary>
    public static Problem MayNotWrite(NamespacedName connection, KubernetesException denial) =>
        ApiTrouble.MayNotWrite(NameOf(connection), denial, ", which holds the grant, so the grant is not used");

    /// <summary>The API server finds the Secret invalid.</summary>
    public static Problem Invalid(NamespacedName connection, KubernetesException denial) =>
        new(
            Reason.SecretInvalid,
            $"The API server {ApiTrouble.Answer(denial)} to Secret {NameOf(connection)}, which holds the grant, so the grant is not "
            + $"used. If it was made immutable or restored with another type than {VismaNames.GrantSecretType}, create it again with the "
            + "same data; else see whether an admission policy denies it."
        )
        {
            Stage = FailureStage.Writing,
        };

    private static Problem NotOwned(NamespacedName name, NamespacedName connection) =>
        new(
            Reason.GrantNotOwned,
            $"Secret {name} exists and is not marked as the grant of VismaConnection {connection.Name}, so it is left as it is. If it "
            + $"is the grant, put back its label {VismaNames.SecretLabel}={VismaNames.GrantSecretValue} and its annotation "
            + $"{VismaNames.ConnectionAnnotation}: {connection.Name}; else give the connection another name."
        );
}

/// <summary>What a look for a grant gave.</summary>
internal abstract record GrantRead
{
    private GrantRead()
    {
    }

    /// <summary>Our Secret, or none yet.</summary>
    public sealed record Found(GrantSnapshot Snapshot) : GrantRead;

    /// <summary>A Secret of that name that is not ours.</summary>
    public sealed record Foreign(Problem Problem) : GrantRead;
}

/// <summary>A grant as it was stored at one moment.</summary>
/// <param name="Connection">Whose grant it is.</param>
/// <param name="Document">What was stored.</param>
/// <param name="Present">Metadata of its Secret; null when there was none.</param>
internal sealed record GrantSnapshot(NamespacedName Connection, GrantDocument Document, ObjectMeta? Present);
