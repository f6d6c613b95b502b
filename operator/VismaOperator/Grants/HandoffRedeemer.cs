using System.Collections.Concurrent;
using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Publishing;

namespace VismaOperator.Grants;

/// <summary>
/// Takes in codes that <c>connect</c> obtained in a terminal and left in a Secret. Taking is deleting: a code works once.
/// </summary>
internal sealed class HandoffRedeemer(IKubernetesClient api, Store<SecretMetadata> secrets, TimeProvider time)
{
    // As long as a code lives: nobody waits for its outcome any longer.
    private static readonly TimeSpan memory = TimeSpan.FromMinutes(5);

    // Secrets whose deletion was asked for and not answered: the code may have gone with them, and nobody has it then.
    private readonly ConcurrentDictionary<NamespacedName, (string? Uid, long Since)> unanswered = new();

    /// <summary>Key of the code.</summary>
    public const string Code = "code";

    /// <summary>Key of the PKCE verifier.</summary>
    public const string CodeVerifier = "code_verifier";

    /// <summary>Key of the redirect URI that the code was asked for with.</summary>
    public const string RedirectUri = "redirect_uri";

    /// <summary>Key of the time from which on the code is too old (RFC 3339, UTC).</summary>
    public const string ExpiresAt = "expires_at";

    /// <summary>Key of what the person was asked for; see <see cref="Handoff.AskedFor"/>.</summary>
    public const string Asked = "asked";

    /// <summary>True when a code waits for the connection.</summary>
    public bool HasOne(VismaConnection connection) => IsUnanswered(connection.HandoffSecretName()) || IsThere(connection);

    /// <summary>UID of the Secret with the code that waits; null where none is known.</summary>
    public string? UidOf(VismaConnection connection) => secrets.Find(connection.HandoffSecretName())?.Metadata.Uid;

    /// <summary>
    /// Takes the code out of its Secret. From the deletion on there is no way back, so that runs under a deadline of its own.
    /// </summary>
    /// <exception cref="KubernetesException">Conflict: the code was replaced by another one, which must be read first.</exception>
    public async Task<HandoffTaking> TakeAsync(VismaConnection connection, ResolvedClient client, CancellationToken cancellationToken)
    {
        var name = connection.HandoffSecretName();
        var secret = await api.FindAsync<Secret>(name, cancellationToken);
        if (secret is null || !HandoffSecret.IsOf(secret.Metadata, connection.Metadata.Name))
        {
            return GoneOrLost(name);
        }

        using var deadline = Deadline.After(SecretPublisher.StoreDeadline, time);
        try
        {
            await api.DeleteAsync<SecretMetadata>(
                name,
                new DeletePreconditions(secret.Metadata.Uid, secret.Metadata.ResourceVersion),
                deadline.Token
            );
        }
        catch (KubernetesException gone) when (gone.IsNotFound)
        {
            return GoneOrLost(name, secret.Metadata.Uid);
        }
        catch (Exception failure) when (failure is not KubernetesException { StatusCode: < HttpStatusCode.InternalServerError })
        {
            unanswered[name] = (secret.Metadata.Uid, time.GetTimestamp());
            throw;
        }

        unanswered.TryRemove(name, out _);
        secrets.ObserveDeletion(name, secret.Metadata.Uid);
        return HandoffSecret.Read(secret) switch
        {
            null => Unusable($"Secret {name}, in which a code was handed over, could not be read whole."),
            { ExpirationTime: { } expiry } when expiry <= time.GetUtcNow() => Unusable(
                "The code that was handed over was too old to be redeemed: by the clock of the machine that left it, it was good until "
                + $"{InstantText.Of(expiry)}."
            ),
            { Asked: null } => Unusable("The code that was handed over does not say what the person was asked for."),
            { Asked: var asked } when asked != Handoff.AskedFor(connection, client.Issuer, client.ClientId) => Unusable(
                "The code that was handed over was given for another client, tenant or scopes than are asked for now."
            ),
            { Code: var code } => new HandoffTaking.Taken(code),
        };
    }

    private bool IsThere(VismaConnection connection) =>
        secrets.Find(connection.HandoffSecretName()) is { } found && HandoffSecret.IsOf(found.Metadata, connection.Metadata.Name);

    private bool IsUnanswered(NamespacedName name) =>
        unanswered.TryGetValue(name, out var asked) && time.GetElapsedTime(asked.Since) < memory;

    // Another code was there meanwhile and is gone, too. Its owner took it back, or another process redeems and reports it.
    private HandoffTaking GoneOrLost(NamespacedName name, string? seen = null)
    {
        var isLost = IsUnanswered(name);
        return unanswered.TryRemove(name, out var asked) && isLost && (seen is null || seen == asked.Uid)
            ? Unusable(
                $"The code that was handed over was taken out of Secret {name}, and the API server gave no answer to that, so that the "
                + "code could not be redeemed."
            )
            : new HandoffTaking.Gone();
    }

    private static HandoffTaking.Unusable Unusable(string cause) =>
        new(new Problem(Reason.ConsentFailed, $"{cause} Run visma-operator connect again.", FailureKind.NeedsConsent));
}

/// <summary>The outcome of taking a handed-over code.</summary>
internal abstract record HandoffTaking
{
    private HandoffTaking()
    {
    }

    /// <summary>The code is ours alone.</summary>
    public sealed record Taken(ConsentCode Code) : HandoffTaking;

    /// <summary>It is gone: the person took it back, or another process took it and reports the outcome.</summary>
    public sealed record Gone : HandoffTaking;

    /// <summary>It was taken and is of no use.</summary>
    /// <param name="Problem">Why, for the person who consented.</param>
    public sealed record Unusable(Problem Problem) : HandoffTaking;
}
