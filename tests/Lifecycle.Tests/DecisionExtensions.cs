namespace Lifecycle.Tests;

internal static class DecisionExtensions
{
    /// <summary>True where a reconcile ends; the others change the facts, and the policy decides again.</summary>
    public static bool IsRest(this Decision decision) =>
        decision
            is Decision.Release
                or Decision.Suspend
                or Decision.Stall
                or Decision.Await
                or Decision.AwaitConsent
                or Decision.BackOff
                or Decision.Wait;
}
