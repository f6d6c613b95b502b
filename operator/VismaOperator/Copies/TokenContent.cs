using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Publishing;
using VismaOperator.Reporting;

namespace VismaOperator.Copies;

/// <summary>The content of a token Secret, read once for all of its copies.</summary>
/// <param name="connection">Whose.</param>
/// <param name="api">Where it is read.</param>
internal sealed class TokenContent(VismaConnection connection, IKubernetesClient api)
{
    private Task<IReadOnlyDictionary<string, SecretValue>?>? read;

    /// <summary>
    /// Our keys in it; null where they are not what status says was published. So what somebody else put there is carried nowhere.
    /// </summary>
    /// <exception cref="UnreadTokenException">The API server does not let it be read.</exception>
    public Task<IReadOnlyDictionary<string, SecretValue>?> ReadAsync(CancellationToken cancellationToken) =>
        read ??= ReadOnceAsync(cancellationToken);

    private async Task<IReadOnlyDictionary<string, SecretValue>?> ReadOnceAsync(CancellationToken cancellationToken)
    {
        if (
            connection.RecordedSecretName() is not { } name
            || await FindAsync(name, cancellationToken) is not { } secret
            || !SecretOwnership.IsOurs(secret.Metadata, connection)
        )
        {
            return null;
        }

        var ours = TokenSecret.OursIn(secret, connection);
        return ours is not null && TokenSecret.Fingerprint(ours) == connection.Status.Token?.Fingerprint ? ours : null;
    }

    private async Task<Secret?> FindAsync(NamespacedName name, CancellationToken cancellationToken)
    {
        try
        {
            return await api.FindAsync<Secret>(name, cancellationToken);
        }
        catch (Exception failure) when (ApiTrouble.Is(failure) && !cancellationToken.IsCancellationRequested)
        {
            throw new UnreadTokenException(name, failure);
        }
    }
}

/// <summary>The token Secret could not be read, so that its copies are not at fault.</summary>
/// <param name="secret">The token Secret.</param>
/// <param name="cause">What the API server or the network did.</param>
internal sealed class UnreadTokenException(NamespacedName secret, Exception cause) : Exception($"Secret {secret} was not read", cause)
{
    /// <summary>The token Secret.</summary>
    public NamespacedName Secret { get; } = secret;

    /// <summary>What the API server or the network did.</summary>
    public Exception Cause { get; } = cause;
}
