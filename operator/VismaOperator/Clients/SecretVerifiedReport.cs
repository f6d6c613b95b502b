using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Clients;

/// <summary>
/// SecretVerified: the outcome of the last client secret that was tried, to check before an old one is deleted at the provider.
/// </summary>
internal static class SecretVerifiedReport
{
    public static ConditionReport Of(OAuthClientSituation situation)
    {
        var listed = situation
            .Trials.Where(trial => situation.Client.Spec.ClientSecrets.Any(secret => trial.Is(secret.SecretKeyRef)))
            .ToList();
        if (listed.FirstOrDefault(trial => trial.Trial == SecretTrial.Due) is { } due)
        {
            return NotTried(
                $"The client secret in Secret {due.Name}, key {due.Key}, has not been tried in its present value. {Next(situation)}"
            );
        }

        // An attempt that was refused with one secret and granted with the next one has two outcomes, and the first is the one to act on.
        var last = listed
            .Where(trial => trial.TrialTime is not null)
            .OrderByDescending(trial => trial.TrialTime)
            .ThenByDescending(trial => trial.Trial)
            .FirstOrDefault();
        return last switch
        {
            null => NotTried("No client secret has been tried yet. The first token request tries it."),
            { Trial: SecretTrial.Accepted } => new(
                ConditionType.SecretVerified,
                IsTrue: true,
                Reason.SecretAccepted,
                $"The provider accepted the client secret in Secret {last.Name}, key {last.Key}, at "
                + $"{InstantText.Of(last.TrialTime!.Value)}."
            ),
            _ => new(ConditionType.SecretVerified, IsTrue: false, Reason.ClientRefused, Refused(situation, last)),
        };
    }

    private static string Next(OAuthClientSituation situation) =>
        situation.IsTrialPossible
            ? "One renewal of a connection with the grant ClientCredentials is brought forward to try it; without such a connection it is "
                + "tried when it is needed."
            : "It waits, since no connection can try it now: each has the grant AuthorizationCode, is suspended, stalled or being deleted, "
                + "or waits for something else. It is tried when one of them can, or when the provider refuses the secret that works now. "
                + "Do not delete the old secret in the Visma developer portal before.";

    private static string Refused(OAuthClientSituation situation, ClientSecretStatus trial)
    {
        var credential = situation.Usable?.Credentials.FirstOrDefault(credential => trial.Is(credential.Reference));
        var tried = new TriedSecret(trial.Name, trial.Key, credential is null ? [] : SecretOddities.Of(credential.Value));
        var outcome = credential is not null && !SecretOddities.CanBeSent(credential.Value)
            ? "cannot be sent to any provider in its present form"
            : $"was refused at {InstantText.Of(trial.TrialTime!.Value)} (invalid_client)";
        return $"The client secret in {tried.Words}, {outcome}. Copy it from the Visma developer portal once more, or remove it from "
            + "spec.clientSecrets; do not delete another secret in the portal before.";
    }

    private static ConditionReport NotTried(string message) =>
        new(ConditionType.SecretVerified, IsTrue: false, Reason.NotTried, message) { IsUnknown = true };
}
