using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Lifecycle;
using OAuth;
using VismaOperator.Api;

namespace VismaOperator.Clients;

/// <summary>Reads what a client references from the watched credential Secrets. Their content stays wrapped from here on.</summary>
internal sealed class CredentialReader(WatchSet<Secret> secrets, CredentialRevisions revisions)
{
    /// <summary>Name of the index that finds clients by a Secret that they reference.</summary>
    public const string Index = "credential";

    // Asked for with each connection of a client.
    private readonly ConditionalWeakTable<OAuthClient, IReadOnlyList<NamespacedName>> references = new();

    /// <summary>Every Secret that a client references, for the set of watched names.</summary>
    public static IEnumerable<NamespacedName> ReferencesOf(OAuthClient client)
    {
        var namespaceName = client.Metadata.Namespace ?? string.Empty;
        var all = client.Spec.ClientSecrets.Select(secret => secret.SecretKeyRef);
        return (client.Spec.ClientIdFrom is { } source ? all.Prepend(source.SecretKeyRef) : all)
            .Select(reference => new NamespacedName(namespaceName, reference.Name))
            .Distinct();
    }

    /// <summary>True once every Secret that the client references was looked up.</summary>
    public bool IsReady(OAuthClient client) =>
        references.GetValue(client, ListReferences).All(name => secrets.Find(name) is not Watched<Secret>.NotSynced);

    /// <summary>Waits until <see cref="IsReady"/>, for a caller that cannot come again later.</summary>
    public async Task WhenReadyAsync(OAuthClient client, CancellationToken cancellationToken)
    {
        var news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var subscription = secrets.Subscribe(_ =>
        {
            if (IsReady(client))
            {
                news.TrySetResult();
            }
        });
        if (!IsReady(client)) // checked after the subscription, so that no change is missed
        {
            await news.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// What is known of each Secret that the client references. It is the same instance as long as nothing has changed, so that the caller
    /// need not read the Secret again.
    /// </summary>
    public IReadOnlyList<Watched<Secret>> Look(OAuthClient client) =>
        [.. references.GetValue(client, ListReferences).Select(secrets.Find)];

    /// <summary>The client id: as written, or read from its Secret.</summary>
    public ReadValue ClientId(OAuthClient client) =>
        client.Spec.ClientIdFrom is { } source
            ? Read(client, source.SecretKeyRef, ReadClientId)
            : new ReadValue.Found(Sensitive.From(client.Spec.ClientId!), string.Empty, string.Empty);

    /// <summary>The readable secrets in the order of the spec, and the first problem among the others.</summary>
    public (IReadOnlyList<Credential> Credentials, Problem? Problem) ClientSecrets(OAuthClient client)
    {
        var credentials = new List<Credential>();
        Problem? firstProblem = null;
        foreach (var declared in client.Spec.ClientSecrets)
        {
            switch (Read(client, declared.SecretKeyRef, ReadClientSecret))
            {
                case ReadValue.Found found:
                    credentials.Add(
                        new Credential(declared.SecretKeyRef, found.Revision, found.Value, declared.ExpirationTime)
                        {
                            SecretVersion = found.SecretVersion,
                        }
                    );
                    break;
                case ReadValue.Unreadable unreadable:
                    firstProblem ??= unreadable.Problem;
                    break;
            }
        }

        return (credentials, firstProblem);
    }

    private static IReadOnlyList<NamespacedName> ListReferences(OAuthClient client) => [.. ReferencesOf(client)];

    private ReadValue Read(
        OAuthClient client,
        SecretKeyReference reference,
        Func<Secret, SecretKeyReference, NamespacedName, ReadValue> read
    )
    {
        var name = new NamespacedName(client.Metadata.Namespace ?? string.Empty, reference.Name);
        return secrets.Find(name) switch
        {
            Watched<Secret>.Present present => read(present.Resource, reference, client.Metadata.NamespacedName),
            Watched<Secret>.Forbidden => Unreadable(
                Reason.SecretForbidden,
                $"The operator may not read Secret {name}, which OAuthClient {client.Metadata.NamespacedName} references. Grant its "
                + $"service account get, list and watch on Secrets in namespace {name.Namespace}.",
                FailureKind.NeedsPerson
            ),
            _ => Unreadable(
                Reason.SecretNotFound,
                $"Secret {name}, which OAuthClient {client.Metadata.NamespacedName} references, does not exist. Create it with the key "
                + $"{reference.Key}.",
                FailureKind.NotThereYet
            ),
        };
    }

    private ReadValue ReadClientSecret(Secret secret, SecretKeyReference reference, NamespacedName client)
    {
        if (CredentialSecret.Objection(secret, client) is { } objection)
        {
            return new ReadValue.Unreadable(objection);
        }

        var value = CredentialSecret.ValueOf(secret, reference.Key);
        return string.IsNullOrWhiteSpace(value)
            ? new ReadValue.Unreadable(CredentialSecret.NoValue(secret, reference, client))
            : Found(secret, reference.Key, Sensitive.From(value));
    }

    private ReadValue ReadClientId(Secret secret, SecretKeyReference reference, NamespacedName client)
    {
        var (clientId, problem) = ClientIdSecret.Read(secret, reference, client);
        return clientId is null ? new ReadValue.Unreadable(problem!) : Found(secret, reference.Key, Sensitive.From(clientId));
    }

    private ReadValue.Found Found(Secret secret, string key, Sensitive value)
    {
        var version = secret.Metadata.ResourceVersion ?? string.Empty;
        return new ReadValue.Found(value, revisions.Of(secret.Metadata.NamespacedName, key, value, version), version);
    }

    private static ReadValue.Unreadable Unreadable(string reason, string message, FailureKind kind) =>
        new(new Problem(reason, message, kind));
}

/// <summary>What reading one key of a Secret gave.</summary>
internal abstract record ReadValue
{
    private ReadValue()
    {
    }

    /// <summary>A value that is not empty.</summary>
    public sealed record Found(Sensitive Value, string Revision, string SecretVersion) : ReadValue;

    /// <summary>No value, and why.</summary>
    public sealed record Unreadable(Problem Problem) : ReadValue;
}

/// <summary>
/// Names what a credential is made of by the version of its Secret in which that value was first seen. A change of a label, an annotation
/// or another key of the Secret keeps the name, so that no backoff starts again. Values are compared in memory and no name is derived from
/// them: names are written into statuses, and a weak secret could be guessed from its hash.
/// </summary>
internal sealed class CredentialRevisions
{
    private readonly ConcurrentDictionary<(NamespacedName Secret, string Key), Seen> known = new();

    /// <summary>The revision of a value that was read from a Secret.</summary>
    /// <param name="secret">The Secret.</param>
    /// <param name="key">The key of the value in it.</param>
    /// <param name="value">The value.</param>
    /// <param name="resourceVersion">Version of the Secret as read.</param>
    public string Of(NamespacedName secret, string key, Sensitive value, string resourceVersion) => known.AddOrUpdate(
        (secret, key),
        _ => new Seen(value, resourceVersion),
        (_, seen) => seen.Value.FixedTimeEquals(value) ? seen : new Seen(value, resourceVersion)).Revision;

    /// <summary>Forgets the values of every other Secret.</summary>
    public void KeepOnly(IReadOnlySet<NamespacedName> secrets)
    {
        foreach (var credential in known.Keys.Where(credential => !secrets.Contains(credential.Secret)))
        {
            known.TryRemove(credential, out _);
        }
    }

    private sealed record Seen(Sensitive Value, string Revision);
}

/// <summary>
/// Which Secrets serve no client at all. A client may name every Secret of its namespace, and its author need not be allowed to read them.
/// So no token, grant or code of a connection is ever sent as a client secret or a client id.
/// </summary>
internal static class CredentialSecret
{
    /// <summary>Why nothing in the Secret is used as a credential; null when it may be.</summary>
    /// <param name="secret">The Secret.</param>
    /// <param name="client">The client that references it.</param>
    public static Problem? Objection(Secret secret, NamespacedName client) => IsOfAConnection(secret)
        ? new Problem(
            Reason.SecretHoldsToken,
            $"Secret {secret.Metadata.NamespacedName}, which OAuthClient {client} references, holds the token or the grant of a "
            + "VismaConnection, so nothing in it is used as a credential. Put the credential into a Secret of its own, and correct the "
            + "reference.")
        : null;

    /// <summary>A value as it is used. A trailing line break is what <c>echo secret | base64</c> leaves behind.</summary>
    public static string Trimmed(string value) => value.TrimEnd('\r', '\n');

    /// <summary>The value under a key, trimmed; empty when there is none.</summary>
    public static string ValueOf(Secret secret, string key) =>
        secret.Data is { } data && data.TryGetValue(key, out var found) ? Trimmed(found.RevealText()) : string.Empty;

    /// <summary>There is no value under the key.</summary>
    public static Problem NoValue(Secret secret, SecretKeyReference reference, NamespacedName client) =>
        new(
            Reason.SecretKeyNotFound,
            $"Secret {secret.Metadata.NamespacedName} has no value under the key {reference.Key}, which OAuthClient {client} references. "
            + "Add it, or correct the reference.",
            FailureKind.NotThereYet
        );

    // One mark is enough here, since others may have been taken away. A Secret that is only lent holds nothing of ours yet.
    private static bool IsOfAConnection(Secret secret)
    {
        var meta = secret.Metadata;
        return secret.Type is VismaNames.GrantSecretType or VismaNames.HandoffSecretType
            || meta.Annotation(VismaNames.ConnectionAnnotation) is not null
            || (meta.OwnerReferences ?? []).Any(IsAConnection)
            || meta.Label(VismaNames.SecretLabel) switch
            {
                VismaNames.GrantSecretValue or VismaNames.HandoffSecretValue or VismaNames.CopySecretValue => true,
                VismaNames.TokenSecretValue => meta.Annotation(VismaNames.AdoptAnnotation) is null,
                _ => false,
            };
    }

    private static bool IsAConnection(OwnerReference owner) =>
        owner.Kind == VismaConnection.ResourceKind.Kind && owner.ApiVersion == VismaNames.ApiVersion;
}
