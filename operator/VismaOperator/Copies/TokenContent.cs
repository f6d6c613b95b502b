using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Publishing;

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
    public Task<IReadOnlyDictionary<string, SecretValue>?> ReadAsync(CancellationToken cancellationToken) =>
        read ??= ReadOnceAsync(cancellationToken);

    private async Task<IReadOnlyDictionary<string, SecretValue>?> ReadOnceAsync(CancellationToken cancellationToken)
    {
        if (
            connection.RecordedSecretName() is not { } name
            || await api.FindAsync<Secret>(name, cancellationToken) is not { } secret
            || !SecretOwnership.IsOurs(secret.Metadata, connection)
        )
        {
            return null;
        }

        var ours = TokenSecret.OursIn(secret, connection);
        return ours is not null && TokenSecret.Fingerprint(ours) == connection.Status.Token?.Fingerprint ? ours : null;
    }
}
