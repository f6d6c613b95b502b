using Kubernetes.Client;
using Kubernetes.Client.Resources;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Cli.Cluster;
using VismaOperator.Cli.Doctor;
using VismaOperator.Clients;

namespace VismaOperator.Cli.Rotate;

/// <summary>Reads a client and its Secret, and finds what makes the new secret the first one. It writes nothing.</summary>
/// <param name="options">What was asked for.</param>
/// <param name="client">The API server.</param>
/// <param name="tools">The time, and what the person types to run this program.</param>
/// <param name="server">Address of the API server, for messages.</param>
internal sealed class RotateLook(RotateOptions options, IKubernetesClient client, DoctorTools tools, string server)
{
    private readonly ClusterReader reader = new(client, server);

    /// <summary>Reads both as they are now.</summary>
    /// <param name="name">The client.</param>
    /// <param name="value">The new secret.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="RotateException">One of them cannot be read, or is not to be changed.</exception>
    public async Task<RotateSubject> ReadAsync(NamespacedName name, Sensitive value, CancellationToken stop)
    {
        var found = await FindAsync<OAuthClient>(name, stop);
        if (found.Metadata.DeletionTimestamp is not null)
        {
            throw new RotateException($"OAuthClient {name} is being deleted.");
        }

        var secretName = new NamespacedName(name.Namespace, found.Spec.ClientSecrets[0].SecretKeyRef.Name);
        var secret = await FindAsync<Secret>(secretName, stop);
        if (secret.Metadata.DeletionTimestamp is not null)
        {
            throw new RotateException($"Secret {secretName} is being deleted.");
        }

        if (CredentialSecret.Objection(secret, name) is { } objection)
        {
            throw new RotateException(objection.Message);
        }

        var plan = RotatePlan.Of(found, secret, value, options, tools.Time.GetUtcNow());
        var writers = (await FindAsync<WrittenBy<OAuthClient>>(name, stop)).Writers.Names;

        // Who keeps an object that stays as it is undoes nothing.
        List<(string Object, Keeper Keeper)> keepers = [];
        if (plan.IsListNew && Keeper.Of(found.Metadata, writers) is { } ofClient)
        {
            keepers.Add((OAuthClient.ResourceKind.Kind, ofClient));
        }

        if (
            plan.IsKeyNew
            && Keeper.Of(secret.Metadata, (await FindAsync<WrittenBy<Secret>>(secretName, stop)).Writers.Names) is { } ofSecret
        )
        {
            keepers.Add((Secret.ResourceKind.Kind, ofSecret));
        }

        if (plan.IsKeyNew && secret.Immutable == true && keepers.All(one => one.Object != Secret.ResourceKind.Kind))
        {
            throw new RotateException(
                $"Secret {secretName} is immutable. Make another Secret with the new value, and put it first in spec.clientSecrets of "
                    + $"OAuthClient {name}."
            );
        }

        return new RotateSubject(found, secret, plan, keepers) { IsAppliedFromFile = Keeper.IsAppliedFromFile(writers) };
    }

    private async Task<T> FindAsync<T>(NamespacedName name, CancellationToken stop)
        where T : class, IResource<T>
    {
        var kind = T.ResourceKind;
        var found = await reader.FindAsync<T>(name, stop);
        return found.OrThrow((failure, cause) => new RotateException(failure, cause))
            ?? throw new RotateException(
                $"There is no {kind.Kind} {name} in the cluster {server}. "
                    + (
                        kind == Secret.ResourceKind
                            ? "The first entry of spec.clientSecrets names it: create it, or correct the name."
                            : $"Correct the name; '{tools.Called} status -A{options.Source}' shows what there is."
                    )
            );
    }
}

/// <summary>A client and its Secret as they were read, and what is to become of them.</summary>
/// <param name="Client">The client.</param>
/// <param name="Secret">The Secret that its list names first.</param>
/// <param name="Plan">What makes the new secret the first one.</param>
/// <param name="Keepers">Who keeps one of them that is to be changed, by its kind.</param>
internal sealed record RotateSubject(
    OAuthClient Client,
    Secret Secret,
    RotatePlan Plan,
    IReadOnlyList<(string Object, Keeper Keeper)> Keepers
)
{
    /// <summary>True where people apply the client from a file.</summary>
    public bool IsAppliedFromFile { get; init; }
}
