using VismaOperator.VismaConnections;

namespace VismaOperator.Rules;

/// <summary>What a connection must fulfil. The operator and the <c>check</c> verb run the same functions.</summary>
public static class VismaConnectionRules
{
    /// <summary>Every problem of the spec; empty when there is none.</summary>
    public static IReadOnlyList<Problem> Check(VismaConnectionSpec spec, AllowLists allowLists) => [];
}
