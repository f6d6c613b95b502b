using VismaOperator.OAuthClients;

namespace VismaOperator.Rules;

/// <summary>What a client must fulfil. The operator and the <c>check</c> verb run the same functions.</summary>
public static class OAuthClientRules
{
    /// <summary>Every problem of the spec; empty when there is none.</summary>
    public static IReadOnlyList<Problem> Check(OAuthClientSpec spec, AllowLists allowLists) => [];
}
