namespace VismaOperator.Rules;

/// <summary>Something in a spec that keeps it from working.</summary>
/// <param name="Path">Where, as JSON path from the object's root, for example <c>spec.clientSecrets[0].secretKeyRef.name</c>.</param>
/// <param name="Reason">Machine-readable reason in CamelCase: one of <see cref="ProblemReasons"/>.</param>
/// <param name="Message">What is wrong and what to do, for a person; never a secret.</param>
public sealed record Problem(string Path, string Reason, string Message);

/// <summary>Why a spec is refused.</summary>
public static class ProblemReasons
{
    /// <summary>A value that the schema or a rule refuses.</summary>
    public const string InvalidSpec = Lifecycle.Reason.InvalidSpec;

    /// <summary>An issuer or token endpoint that the administrator did not list.</summary>
    public const string IssuerNotAllowed = Lifecycle.Reason.IssuerNotAllowed;

    /// <summary>An API host that the administrator did not list.</summary>
    public const string ApiHostNotAllowed = Lifecycle.Reason.ApiHostNotAllowed;

    /// <summary>Plain http where the administrator did not allow it.</summary>
    public const string InsecureUrl = Lifecycle.Reason.InsecureUrl;
}
