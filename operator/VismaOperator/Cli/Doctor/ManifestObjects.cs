using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Crds;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;
using VismaOperator.Manifests;

namespace VismaOperator.Cli.Doctor;

/// <summary>Manifests, without a cluster.</summary>
internal sealed class ManifestObjects : IDoctorSource
{
    // What an object refers to has links of its own.
    private static readonly string[] ofOtherLinks =
    [
        Reason.ClientNotAvailable,
        Reason.TenantNotAllowed,
        Reason.SecretNotFound,
        Reason.SecretKeyNotFound,
        Reason.SecretNotLabelled,
        Reason.ClientIDInvalid,
    ];

    private readonly ManifestSet manifests;
    private readonly CheckReport checks;

    /// <summary>Judges the manifests as <c>check</c> does.</summary>
    public ManifestObjects(ManifestSet manifests, AllowLists allowLists, TimeProvider time) =>
        (this.manifests, checks) = (manifests, ManifestCheck.Check(manifests, allowLists, time));

    /// <summary>What the person types to run this program.</summary>
    public string Called { get; init; } = "visma-operator";

    /// <inheritdoc/>
    public string Name => "the manifests";

    /// <inheritdoc/>
    public bool IsCluster => false;

    /// <inheritdoc/>
    public bool HasStatus => false;

    /// <summary>The connections that can be read.</summary>
    public IReadOnlyList<NamespacedName> Connections =>
        [.. manifests.Documents.Where(document => document.Is<VismaConnection>()).Select(document => document.NamespacedName).Distinct()];

    /// <summary>What is wrong with files of which no object could be read.</summary>
    public IEnumerable<string> Unread =>
        checks
            .Findings.Where(finding => finding is { Severity: Severity.Error, Kind: null })
            .Select(finding => $"{finding.File}:{finding.Line}: {finding.Message}");

    /// <inheritdoc/>
    public Task<DoctorLook<T>> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var document = manifests.Documents.FirstOrDefault(one => one.Is<T>() && Named<T>(one) == name);
        List<ManifestProblem> problems = [];
        return Task.FromResult(
            document is null ? new DoctorLook<T>(null)
            : document.EncryptedPath is not null && document.Is<Secret>()
                ? new DoctorLook<T>(
                    null,
                    new Problem(
                        DoctorReason.NotReadable,
                        $"Secret {name} in {document.File} is encrypted by SOPS. Decrypt it and pass what you get on: "
                            + $"sops --decrypt {document.File} | {Called} doctor -f - -f ..."
                    )
                )
            : ManifestConversion.ToResource<T>(document, ContentOf<T>(document), problems) is { } found ? new DoctorLook<T>(found)
            : new DoctorLook<T>(
                null,
                new Problem(
                    DoctorReason.NotReadable,
                    $"{document.File}: {string.Join("; ", problems.Select(problem => problem.Message))}."
                )
            )
        );
    }

    /// <inheritdoc/>
    public Task<Listing<T>> ListAsync<T>(ResourceSelector selector, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        Task.FromResult(
            T.ResourceKind == OAuthClient.ResourceKind
                ? new Listing<T>(
                    [
                        .. manifests
                            .Documents.Where(document => document.Is<T>() && document.NamespacedName.Namespace == selector.Namespace)
                            .Select(document => ManifestConversion.ToResource<T>(document, ContentOf<T>(document), []))
                            .OfType<T>(),
                    ]
                )
                : new Listing<T>([], new Problem(DoctorReason.NoCluster, "There is no cluster."))
        );

    /// <inheritdoc/>
    public Task<DoctorAnswer> MayAsync(SubjectAccessReviewSpec access, CancellationToken cancellationToken) =>
        Task.FromResult(new DoctorAnswer(IsYes: false, new Problem(DoctorReason.NoCluster, "There is no cluster.")));

    /// <inheritdoc/>
    public IReadOnlyList<Problem> ProblemsOf(ResourceKind kind, NamespacedName name) =>
        [
            .. checks
                .Findings.Where(finding =>
                    finding.Severity == Severity.Error
                    && !ofOtherLinks.Contains(finding.Reason)
                    && finding.Kind == kind.Kind
                    && new NamespacedName(finding.Namespace ?? ManifestDocument.DefaultNamespace, finding.Name ?? string.Empty) == name
                )
                .Select(finding => new Problem(finding.Reason, $"{finding.File}:{finding.Line}: {finding.Path}: {finding.Message}")),
        ];

    // What is wrong with the object is reported by ProblemsOf, and hides nothing else.
    private static JsonObject ContentOf<T>(ManifestDocument document)
        where T : class, IResource<T> =>
        document.Is<VismaConnection>() ? ObjectCheck.Repaired(document, Schemas.VismaConnection)
        : document.Is<OAuthClient>() ? ObjectCheck.Repaired(document, Schemas.OAuthClient)
        : document.Content;

    private static NamespacedName Named<T>(ManifestDocument document)
        where T : class, IResource<T> =>
        T.ResourceKind.IsNamespaced ? document.NamespacedName : NamespacedName.ClusterScoped(document.Name);
}
