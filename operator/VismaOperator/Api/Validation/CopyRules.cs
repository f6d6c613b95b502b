using VismaOperator.Manifests;

namespace VismaOperator.Api.Validation;

/// <summary>What the declared copies of a token Secret must fulfil.</summary>
internal static class CopyRules
{
    /// <summary>
    /// Why a copy beside the token Secret is not written. It is told by the condition about copies and never stalls the connection.
    /// </summary>
    internal const string InOwnNamespace =
        "is in the namespace of the connection, where readers use the token Secret itself: remove it from spec.secret.copies";

    internal static void Check(Findings findings, IReadOnlyList<SecretCopy> copies)
    {
        for (var index = 0; index < copies.Count; index++)
        {
            var (path, copy) = (FieldPath.Item("spec.secret.copies", index), copies[index]);
            NameRules.CheckNamespace(findings, $"{path}.namespace", copy.Namespace);
            NameRules.CheckSubdomain(findings, $"{path}.name", copy.Name);
            findings.Require(
                !copy.Name.EndsWith(AuthorizationSpec.GrantSecretSuffix, StringComparison.Ordinal)
                    && !copy.Name.EndsWith(AuthorizationSpec.HandoffSecretSuffix, StringComparison.Ordinal),
                $"{path}.name",
                "names that end with -visma-grant or -visma-handoff are kept for the Secrets of a person's consent: choose another name"
            );
        }

        findings.Require(
            copies.Distinct().Count() == copies.Count,
            "spec.secret.copies",
            "a copy is listed twice: remove one of the two"
        );
    }
}
