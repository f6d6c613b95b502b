using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Reporting;

namespace VismaOperator.Cli.Connect;

/// <summary>A code that was left in a Secret. The operator takes it by deleting the Secret.</summary>
internal sealed class LeftSecret(IKubernetesClient client, NamespacedName name, string? uid) : ILeftHandoff
{
    /// <inheritdoc/>
    public async Task<bool> IsTakenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await client.FindAsync<SecretMetadata>(name, cancellationToken))?.Metadata.Uid != uid;
        }
        catch (Exception exception) when (exception is KubernetesException or HttpRequestException or IOException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async Task<bool> WithdrawAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await DeleteAsync(client, name, uid, cancellationToken);
        }
        catch (Exception exception) when (exception is KubernetesException or HttpRequestException or IOException)
        {
            throw new ConnectException(
                $"The code could not be taken back, since the API server {ApiTrouble.Answer(exception)}. Delete Secret {name} yourself, or "
                + "leave it: the code in it expires in five minutes.",
                exception
            );
        }
    }

    /// <summary>Deletes a Secret by its identity.</summary>
    /// <returns>False when it was gone, or replaced by another one.</returns>
    public static async Task<bool> DeleteAsync(
        IKubernetesClient client,
        NamespacedName name,
        string? uid,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await client.DeleteAsync<SecretMetadata>(name, new DeletePreconditions(uid, ResourceVersion: null), cancellationToken);
            return true;
        }
        catch (KubernetesException gone) when (gone.IsNotFound || gone.IsConflict)
        {
            return false;
        }
    }
}
