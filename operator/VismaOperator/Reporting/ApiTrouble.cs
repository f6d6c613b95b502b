using System.Net;
using Kubernetes.Client;
using Kubernetes.Controllers;
using Lifecycle;

namespace VismaOperator.Reporting;

/// <summary>
/// Words for a request that the API server did not carry out: its status code, its reason (one of a closed list) and the name of the
/// webhook, policy or quota behind it. Never the server's own words: they may quote a Secret.
/// </summary>
internal static class ApiTrouble
{
    /// <summary>True for every failure of the API server or the network: the next attempt may succeed. Anything else is a bug.</summary>
    public static bool Is(Exception failure) => failure is OperationCanceledException || Outage.Caused(failure);

    /// <summary>Continues a sentence that begins with "the API server".</summary>
    public static string Answer(Exception failure) => failure switch
    {
        KubernetesException { DeniedBy: { } rule } error => $"answers {Code(error)} because of {rule}",
        KubernetesException error => $"answers {Code(error)}",
        OperationCanceledException or TimeoutException => "does not answer in time",
        _ => "cannot be reached",
    };

    /// <summary>What a person can do about a write that the API server does not accept.</summary>
    /// <param name="failure">The refusal.</param>
    /// <param name="permission">What to grant where no other cause is known.</param>
    /// <param name="kind">The kind of object that was to be written, in the plural.</param>
    public static string Remedy(KubernetesException failure, string permission, string kind = "Secrets") => failure switch
    {
        { DeniedBy: { Kind: AdmissionRuleKind.Quota } quota } => $"Raise {quota}, or delete {kind} that nobody needs.",
        { DeniedBy: { } rule } => $"Ask the owner of {rule} to allow it.",
        { StatusCode: HttpStatusCode.Forbidden } => permission,
        _ => string.Empty,
    };

    /// <summary>The API server does not let us write a Secret.</summary>
    /// <param name="secret">The Secret.</param>
    /// <param name="denial">The refusal.</param>
    /// <param name="meaning">What is in it, and what follows; empty for a token Secret.</param>
    public static Problem MayNotWrite(NamespacedName secret, KubernetesException denial, string meaning = "") =>
        new(
            Reason.SecretForbidden,
            $"The operator may not write Secret {secret}{meaning}: the API server {Answer(denial)}. "
            + Remedy(
                denial,
                $"Grant its service account get, create, update and delete on Secrets in namespace {secret.Namespace}, and see whether an "
                + "admission policy denies it."
            )
        )
        {
            Stage = FailureStage.Writing,
        };

    private static string Code(KubernetesException error) => $"{(int)error.StatusCode} {error.Reason}".TrimEnd();
}
