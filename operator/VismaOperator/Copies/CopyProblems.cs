using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Reporting;

namespace VismaOperator.Copies;

/// <summary>Why a copy does not hold the token, in words for a person.</summary>
internal static class CopyProblems
{
    /// <summary>Somebody of the target namespace asks for the name.</summary>
    public static Problem Claimed(NamespacedName name, string claim) =>
        new(Reason.SecretNotOwned, $"Secret {name} is not written, since {claim}. Choose another name for the copy.");

    /// <summary>The spec breaks a rule, perhaps one about the template.</summary>
    public static Problem Broken(NamespacedName name, FieldError broken) =>
        new(broken.Reason, $"Secret {name} is not written before the spec is mended: {broken.Path}: {broken.Message}.");

    /// <summary>The connection is suspended.</summary>
    public static Problem Suspended(NamespacedName name) =>
        new(Reason.Suspended, $"Secret {name} is not written while spec.suspend is true.");

    /// <summary>The token Secret is not what status says, for longer than it takes to mend it.</summary>
    public static Problem Waits(NamespacedName name, NamespacedName token) =>
        new(
            Reason.SecretNotWritten,
            $"Secret {name} waits until the token Secret {token} holds what was published: see Ready.",
            FailureKind.Transient
        );

    /// <summary>The copy is being deleted by somebody else.</summary>
    public static Problem Terminating(NamespacedName name) =>
        new(
            Reason.SecretTerminating,
            $"Secret {name} is being deleted and is written once it is gone: where it does not go away, look for finalizers.",
            FailureKind.NotThereYet
        );

    /// <summary>The Secret is somebody else's, or the copy of another connection.</summary>
    public static Problem NotOurs(ObjectMeta secret, VismaConnection connection) =>
        new(
            Reason.SecretNotOwned,
            TokenCopy.IsCopy(secret) && TokenCopy.ConnectionOf(secret) is { } other && other != connection.Metadata.NamespacedName
                ? $"Secret {secret.NamespacedName} is a copy for VismaConnection {other}, which came first. Choose another name for one of "
                    + "the two."
                : $"Secret {secret.NamespacedName} exists and is no copy of this connection, so it is left as it is. Delete it, or choose "
                    + "another name for the copy."
        );

    /// <summary>The API server refuses the copy.</summary>
    public static Problem Invalid(NamespacedName name, Exception failure) =>
        new(
            Reason.SecretInvalid,
            $"The API server {ApiTrouble.Answer(failure)} to Secret {name} as it would be written: see whether an admission policy of its "
                + "namespace denies it."
        );

    /// <summary>The copy is to be deleted, and a finalizer of somebody keeps it.</summary>
    public static Problem Kept(NamespacedName name) =>
        new(
            Reason.SecretTerminating,
            $"Secret {name} is being deleted and still holds a token: where it does not go away, look for finalizers.",
            FailureKind.NotThereYet
        );

    /// <summary>The operator may not read the token Secret.</summary>
    public static Problem MayNotRead(NamespacedName name, NamespacedName token, KubernetesException denial) =>
        new(
            Reason.SecretForbidden,
            $"Secret {name} is not written, since the operator may not read the token Secret {token}: the API server "
                + $"{ApiTrouble.Answer(denial)}. "
                + ApiTrouble.Remedy(denial, $"Grant its service account get on Secrets in namespace {token.Namespace}.")
        );

    /// <summary>The API server temporarily does not write or delete the copy, or does not let the token Secret be read.</summary>
    public static Problem NotWritten(NamespacedName name, NamespacedName? unread, Exception failure) =>
        new(
            Reason.SecretNotWritten,
            $"Secret {name} could not be brought up to date: the API server {ApiTrouble.Answer(failure)}"
                + (unread is { } token ? $" when the token Secret {token} is read" : string.Empty)
                + ". It is tried again.",
            FailureKind.Transient
        );

    /// <summary>The API server temporarily does not delete the copy of a connection that is gone.</summary>
    public static string NotDeleted(Exception failure) => $"the API server {ApiTrouble.Answer(failure)}. It is tried again.";
}
