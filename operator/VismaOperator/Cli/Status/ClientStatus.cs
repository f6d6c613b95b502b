using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Cli.Status;

/// <summary>Reads off a client where it stands.</summary>
internal static class ClientStatus
{
    /// <summary>The entry.</summary>
    public static StatusEntry Of(OAuthClient client, DateTimeOffset now)
    {
        var status = client.Status;
        var finding = Find(client);

        // Only a connection has its secrets tried.
        finding = status is { Connections: > 0, Refusal.RetryTime: { } retry } ? finding.WithAttempt(retry, now) : finding;
        var end = EndOf(client);
        return new StatusEntry
        {
            Kind = OAuthClient.ResourceKind.Kind,
            Namespace = client.Metadata.NamespacedName.Namespace,
            Name = client.Metadata.Name,
            State = finding.State,
            Since = finding.Since,
            Reason = finding.Reason,
            Message = finding.Message,
            NextAction = status.Refusal?.RetryTime is null ? null : NextAction.Attempt,
            NextTime = status.Refusal?.RetryTime,
            Ends = end is null ? null : EndingThing.ClientSecret,
            EndsTime = end,
            Attempts = status.Refusal?.Attempts,
            SecretName = status.ActiveSecret?.Name,
            Connections = status.Connections,
        };
    }

    private static Finding Find(OAuthClient client)
    {
        var conditions = client.Status.Conditions;
        var ready = Conditions.Find(conditions, ConditionType.Ready);
        return Finding.OfAny(client.Metadata, client.Status.ObservedGeneration, conditions)
            ?? (ready?.Status != "True" ? Finding.Of(StatusState.NotReady, ready) : null)
            ?? Finding.OfWarning(conditions)
            ?? Finding.Of(StatusState.Ready, ready);
    }

    // Until one was used, the first of the list is the one that will be.
    private static DateTimeOffset? EndOf(OAuthClient client) =>
        client switch
        {
            { Status.ActiveSecret: not null } => client.Status.SecretExpirationTime,
            { Spec.ClientSecrets: [var first, ..] } => first.ExpirationTime,
            _ => null,
        };
}
