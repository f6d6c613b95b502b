using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Lifecycle;
using VismaOperator.OAuthClients;
using VismaOperator.VismaConnections;
using Problem = Lifecycle.Problem;

namespace VismaOperator.Grants;

/// <summary>Takes in codes that <c>connect</c> obtained in a terminal and left in a Secret. Taking is deleting: a code works once.</summary>
internal sealed class HandoffDesk(IKubernetesClient api, Store<SecretMetadata> secrets, TimeProvider time)
{
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
    public bool HasOne(VismaConnection connection) => secrets.Find(connection.HandoffSecretName()) is { } found && HandoffSecret.IsOf(found.Metadata, connection.Metadata.Name);

    /// <summary>Takes the code out of its Secret. From the deletion on there is no way back, so that runs under a deadline of its own.</summary>
    /// <exception cref="KubernetesException">Conflict: another code took its place meanwhile, and is to be looked at anew.</exception>
    public async Task<HandoffTaking> TakeAsync(VismaConnection connection, UsableClient client, CancellationToken cancellationToken)
    {
        var name = connection.HandoffSecretName();
        var secret = await api.FindAsync<Secret>(name, cancellationToken);
        if (secret is null || !HandoffSecret.IsOf(secret.Metadata, connection.Metadata.Name))
        {
            return new HandoffTaking.Gone();
        }

        using var deadline = new CancellationTokenSource(GrantRefresher.StoreDeadline, time);
        try
        {
            await api.DeleteAsync<SecretMetadata>(name, new DeletePreconditions(secret.Metadata.Uid, secret.Metadata.ResourceVersion), deadline.Token);
        }
        catch (KubernetesException gone) when (gone.IsNotFound)
        {
            return new HandoffTaking.Gone();
        }

        secrets.ObserveDeletion(name, secret.Metadata.Uid);
        return HandoffSecret.Read(secret) switch
        {
            null => Unusable($"Secret {name}, in which a code was handed over, could not be read whole."),
            { ExpirationTime: { } expiry } when expiry <= time.GetUtcNow() => Unusable($"The code that was handed over was too old to be redeemed: by the clock of the machine that left it, it was good until {InstantText.Of(expiry)}."),
            { Asked: { } asked } when asked != Handoff.AskedFor(connection, client.Issuer, client.ClientId) => Unusable("The code that was handed over was given for another client, tenant or scopes than are asked for now."),
            { Code: var code } => new HandoffTaking.Taken(code),
        };
    }

    private static HandoffTaking.Unusable Unusable(string cause) => new(new Problem(Reason.ConsentFailed, $"{cause} Run visma-operator connect again."));
}

/// <summary>What came of reaching for a code that was handed over.</summary>
internal abstract record HandoffTaking
{
    private HandoffTaking()
    {
    }

    /// <summary>The code is ours alone.</summary>
    public sealed record Taken(ConsentCode Code) : HandoffTaking;

    /// <summary>There is none any more: whoever left it took it back, or another process took it. Whoever did knows what came of it.</summary>
    public sealed record Gone : HandoffTaking;

    /// <summary>It was taken and is of no use.</summary>
    /// <param name="Problem">Why, for the person who consented.</param>
    public sealed record Unusable(Problem Problem) : HandoffTaking;
}
