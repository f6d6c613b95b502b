using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Cli.Status;
using VismaOperator.Clients;

namespace VismaOperator.Cli.Doctor;

/// <summary>The client id and the client secrets: there, allowed, and fit to be sent. No value is ever shown.</summary>
internal static class CredentialLinks
{
    // As the condition SecretExpiring has it.
    private static readonly TimeSpan soon = TimeSpan.FromDays(30);

    /// <summary>The client id is known.</summary>
    public static async Task<LinkFinding> ClientIdAsync(DoctorCase subject, CancellationToken stop)
    {
        var client = subject.Client!;
        if (client.Spec.ClientIdFrom?.SecretKeyRef is not { } reference)
        {
            subject.ClientId = client.Spec.ClientId;
            return LinkFinding.Ok($"{client.Spec.ClientId}, as spec.clientID says.");
        }

        var name = NameOf(client, reference);
        var look = await subject.Source.FindAsync<Secret>(name, stop);
        if (look.Found is not { } secret)
        {
            return Missing(subject, name, reference, look.Failure);
        }

        // As the operator has it: a Secret may hold the id and the secret of one application, and only specs tell them apart.
        var others = await subject.Source.ListAsync<OAuthClient>(new ResourceSelector(client.Metadata.Namespace), stop);
        if (others.Found.Append(client).Any(one => one.Spec.ClientSecrets.Any(declared => declared.SecretKeyRef == reference)))
        {
            return LinkFinding.Broken(ClientIdSecret.IsClientSecret(client, reference));
        }

        if (others.Failure is { } failure && subject.Source.IsCluster)
        {
            return LinkFinding.Unknown(
                failure.Reason,
                $"Secret {name}, key {reference.Key}, may hold a client secret of another OAuthClient, so it is not used as client id: "
                    + failure.Message
            );
        }

        var (id, problem) = ClientIdSecret.Read(secret, reference, client.Metadata.NamespacedName);
        subject.ClientId = id;
        return problem is null ? LinkFinding.Ok($"It is in Secret {name}, key {reference.Key}.") : LinkFinding.Broken(problem);
    }

    /// <summary>At least one client secret is there and can be sent.</summary>
    public static async Task<LinkFinding> ClientSecretAsync(DoctorCase subject, CancellationToken stop)
    {
        List<LinkFinding> findings = [];
        List<Credential> usable = [];
        foreach (var declared in subject.Client!.Spec.ClientSecrets)
        {
            var (credential, finding) = await LookAsync(subject, declared, stop);
            findings.Add(finding);
            if (credential is not null)
            {
                usable.Add(credential);
            }
        }

        var active = subject.Client.Status.ActiveSecret;
        subject.Secrets =
        [
            .. usable
                .OrderBy(credential => credential.ExpirationTime <= subject.Now) // as the operator tries them
                .ThenByDescending(credential => credential.Reference == active),
        ];
        return Together(findings);
    }

    // One secret that works is enough; the others are worth a warning.
    private static LinkFinding Together(List<LinkFinding> findings)
    {
        LinkOutcome[] worstFirst = [LinkOutcome.Broken, LinkOutcome.Unknown, LinkOutcome.Warning, LinkOutcome.Ok];
        var worst = findings.MinBy(finding => Array.IndexOf(worstFirst, finding.Outcome))!;
        var best = findings.MaxBy(finding => Array.IndexOf(worstFirst, finding.Outcome))!.Outcome;
        var outcome = best == LinkOutcome.Ok && worst.Outcome != LinkOutcome.Ok ? LinkOutcome.Warning : best;
        return new LinkFinding(outcome, worst.Reason, string.Join(' ', findings.Select(finding => finding.Message)));
    }

    private static async Task<(Credential? Usable, LinkFinding Finding)> LookAsync(
        DoctorCase subject,
        ClientSecretSpec declared,
        CancellationToken stop
    )
    {
        var (client, reference) = (subject.Client!, declared.SecretKeyRef);
        var name = NameOf(client, reference);
        var look = await subject.Source.FindAsync<Secret>(name, stop);
        if (look.Found is not { } secret)
        {
            return (null, Missing(subject, name, reference, look.Failure));
        }

        if (CredentialSecret.Objection(secret, client.Metadata.NamespacedName) is { } objection)
        {
            return (null, LinkFinding.Broken(objection));
        }

        var text = CredentialSecret.ValueOf(secret, reference.Key);
        if (string.IsNullOrWhiteSpace(text))
        {
            return (null, LinkFinding.Broken(CredentialSecret.NoValue(secret, reference, client.Metadata.NamespacedName)));
        }

        var value = Sensitive.From(text);
        var finding = Judge(subject, declared, value, EndsWithLineBreak(secret, reference.Key));
        var credential = new Credential(reference, secret.Metadata.ResourceVersion ?? string.Empty, value, declared.ExpirationTime);
        return (SecretOddities.CanBeSent(value) ? credential : null, finding);
    }

    private static LinkFinding Judge(DoctorCase subject, ClientSecretSpec declared, Sensitive value, bool hasLineBreak)
    {
        var (name, key) = (NameOf(subject.Client!, declared.SecretKeyRef), declared.SecretKeyRef.Key);
        var oddities = SecretOddities.Of(value);
        if (oddities.Count > 0)
        {
            var words = $"Secret {name}, key {key}: the value {string.Join(", ", oddities)}.";
            return SecretOddities.CanBeSent(value)
                ? LinkFinding.Warning(
                    DoctorReason.SecretLooksWrong,
                    $"{words} It is sent as it is; correct it if the provider refuses it."
                )
                : LinkFinding.Broken(DoctorReason.SecretLooksWrong, $"{words} No form can hold it, so it is never sent.");
        }

        var end = declared.ExpirationTime;
        var note = hasLineBreak ? " The line break at its end is not sent." : string.Empty;
        return end switch
        {
            { } past when past <= subject.Now => LinkFinding.Warning(
                DoctorReason.SecretExpired,
                $"Secret {name}, key {key}: by spec.clientSecrets it expired at {InstantText.Of(past)}. If the token request shows the "
                    + "same, make a new one in the Visma developer portal and put it first in spec.clientSecrets; else correct the date."
            ),
            { } near when near <= subject.Now + soon => LinkFinding.Warning(
                Reason.SecretExpiresSoon,
                $"Secret {name}, key {key}: by spec.clientSecrets it expires at {TimeText.Full(near, subject.Now)}. Make a new one in "
                    + "the Visma developer portal and put it first in spec.clientSecrets."
            ),
            { } later => LinkFinding.Ok($"Secret {name}, key {key}: there, until {InstantText.Of(later)}.{note}"),
            _ => LinkFinding.Ok($"Secret {name}, key {key}: there; spec.clientSecrets does not say when it expires.{note}"),
        };
    }

    private static LinkFinding Missing(DoctorCase subject, NamespacedName name, SecretKeyReference reference, Problem? failure) =>
        (failure, subject.Source.IsCluster) switch
        {
            ({ } cause, _) => LinkFinding.Unknown(cause),
            (_, true) => LinkFinding.Broken(
                Reason.SecretNotFound,
                $"Secret {name}, which OAuthClient {subject.Client!.Metadata.NamespacedName} references, does not exist. Create it with "
                    + $"the key {reference.Key}."
            ),
            _ => LinkFinding.Unknown(
                DoctorReason.NotFound,
                $"Secret {name} is not among the manifests: see that it is in the cluster, with the key {reference.Key}."
            ),
        };

    private static bool EndsWithLineBreak(Secret secret, string key) => secret.Data![key].RevealText() is [.., '\r' or '\n'];

    private static NamespacedName NameOf(OAuthClient client, SecretKeyReference reference) =>
        new(client.Metadata.Namespace ?? string.Empty, reference.Name);
}
