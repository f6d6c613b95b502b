using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Clients;

namespace VismaOperator.Copies;

/// <summary>
/// Whether a namespace takes a copy. Its owner says so by a label, which nobody can set who may only create connections.
/// </summary>
/// <param name="namespaces">Where labels are looked up.</param>
/// <param name="secrets">Labelled Secrets, for whether those of a namespace are known.</param>
/// <param name="serves">True for a namespace that the operator serves.</param>
internal sealed class CopyAcceptance(INamespaces namespaces, Store<SecretMetadata> secrets, Func<string, bool> serves)
{
    /// <summary>True for a namespace that the operator serves.</summary>
    public bool Serves(string name) => serves(name);

    /// <summary>True where the Secrets of a namespace are known.</summary>
    public bool CanSee(string name) => serves(name) && secrets.HasSyncedIn(name);

    /// <summary>The answer for a copy of the token of a connection.</summary>
    /// <param name="connection">Whose token.</param>
    /// <param name="copy">Which copy.</param>
    /// <param name="isNew">True where no copy is there yet, so that nobody may have followed the consent of the namespace.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<CopyAnswer> OfAsync(
        VismaConnection connection,
        SecretCopy copy,
        bool isNew,
        CancellationToken cancellationToken
    )
    {
        var source = connection.Metadata.Namespace ?? string.Empty;
        var secret = $"Secret {copy.Namespace}/{copy.Name}";
        if (copy.Namespace == source)
        {
            return new CopyAnswer.No(new Problem(Reason.CopyNotAllowed, $"{secret} {CopyRules.InOwnNamespace}."));
        }

        if (!serves(copy.Namespace))
        {
            return new CopyAnswer.No(
                new Problem(
                    Reason.NamespaceForbidden,
                    $"{secret} is in a namespace that the operator does not serve: add {copy.Namespace} to --namespaces (values.yaml: "
                        + "namespaces), or remove the copy."
                )
            );
        }

        return await namespaces.ConsentOfAsync(copy.Namespace, isNew, cancellationToken) switch
        {
            NamespaceLabels.Absent => new CopyAnswer.No(NotAccepting(secret, copy, source)),
            NamespaceLabels.Unreadable => new CopyAnswer.Unknown(
                new Problem(
                    Reason.NamespaceForbidden,
                    $"{secret} is neither written nor deleted, since the operator may not read namespace {copy.Namespace}, whose label "
                        + "decides: grant its service account get on that namespace."
                )
            ),
            NamespaceLabels.Known known when !Accepts(known.Labels, source) => new CopyAnswer.No(NotAccepting(secret, copy, source)),
            _ when namespaces.IsTerminating(copy.Namespace) => new CopyAnswer.Unknown(
                new Problem(
                    Reason.NamespaceTerminating,
                    $"{secret} is not written, since namespace {copy.Namespace} is being deleted: remove the copy, or wait.",
                    FailureKind.NotThereYet
                )
            ),
            _ when !secrets.HasSyncedIn(copy.Namespace) => new CopyAnswer.Unknown(
                new Problem(
                    Reason.NamespaceForbidden,
                    $"{secret} is not written, since the operator cannot read namespace {copy.Namespace} now: its log says why."
                )
            ),
            _ => new CopyAnswer.Yes(),
        };
    }

    /// <summary>True for labels of a namespace that accepts tokens of another one.</summary>
    public static bool Accepts(IReadOnlyDictionary<string, string> labels, string source) =>
        labels.TryGetValue(VismaNames.AcceptTokensFromLabel, out var accepted) && accepted == source;

    /// <summary>What the owner of the namespace of a copy can do.</summary>
    public static string Remedy(string target, string source) =>
        $"kubectl label namespace {target} {VismaNames.AcceptTokensFromLabel}={source}";

    // The same words for a namespace that is not there, and for one with another value: whoever may create connections is told neither
    // which ones exist nor whose tokens they accept.
    private static Problem NotAccepting(string secret, SecretCopy copy, string source) =>
        new(
            Reason.NamespaceNotAccepting,
            $"{secret} is not written, since namespace {copy.Namespace} does not exist or does not accept tokens of namespace {source}. "
                + $"Its owner sets the label, with --overwrite where it has another value, whose copies end then: "
                + Remedy(copy.Namespace, source)
        );
}

/// <summary>Whether a namespace takes a copy.</summary>
internal abstract record CopyAnswer
{
    private CopyAnswer()
    {
    }

    /// <summary>It does.</summary>
    public sealed record Yes : CopyAnswer;

    /// <summary>It does not: a copy that is there is deleted.</summary>
    public sealed record No(Problem Problem) : CopyAnswer;

    /// <summary>That cannot be known now: nothing is written or deleted.</summary>
    public sealed record Unknown(Problem Problem) : CopyAnswer;
}
