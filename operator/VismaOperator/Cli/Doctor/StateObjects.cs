using System.Text.Json;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Local;

namespace VismaOperator.Cli.Doctor;

/// <summary>
/// The state directory of local mode: connections and clients, with what local mode says of them. Everything else is in manifests, if any
/// are named; no token and no grant is read.
/// </summary>
/// <param name="state">Its full path.</param>
/// <param name="manifests">Where client secrets are; null where no manifests are named.</param>
internal sealed class StateObjects(string state, ManifestObjects? manifests) : IDoctorSource
{
    private static readonly Problem noCluster = new(DoctorReason.NoCluster, "There is no cluster.");

    /// <inheritdoc/>
    public string Name => $"the state directory {state}";

    /// <inheritdoc/>
    public bool IsCluster => false;

    /// <inheritdoc/>
    public bool HasStatus => true;

    /// <summary>The connections that local mode has.</summary>
    /// <param name="unread">Told of each file that cannot be read.</param>
    public IReadOnlyList<NamespacedName> Connections(Action<string> unread) =>
        [
            .. All<VismaConnection>(unread)
                .Select(connection => connection.Metadata.NamespacedName)
                .OrderBy(name => name.ToString(), StringComparer.Ordinal),
        ];

    /// <inheritdoc/>
    public Task<DoctorLook<T>> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        T.ResourceKind == VismaConnection.ResourceKind || T.ResourceKind == OAuthClient.ResourceKind ? Task.FromResult(Read<T>(name))
        : manifests is not null ? manifests.FindAsync<T>(name, cancellationToken)
        : Task.FromResult(
            new DoctorLook<T>(
                null,
                new Problem(
                    DoctorReason.NotFound,
                    $"{T.ResourceKind.Kind} {name} is not in the state directory. Name its manifest, too: -f DIR"
                )
            )
        );

    /// <inheritdoc/>
    public Task<Listing<T>> ListAsync<T>(ResourceSelector selector, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        Task.FromResult(
            T.ResourceKind == OAuthClient.ResourceKind
                ? new Listing<T>([.. All<T>(_ => { }).Where(one => one.Metadata.Namespace == selector.Namespace)])
                : new Listing<T>([], noCluster)
        );

    /// <inheritdoc/>
    public Task<DoctorAnswer> MayAsync(SubjectAccessReviewSpec access, CancellationToken cancellationToken) =>
        Task.FromResult(new DoctorAnswer(IsYes: false, noCluster));

    /// <inheritdoc/>
    public IReadOnlyList<Problem> ProblemsOf(ResourceKind kind, NamespacedName name) =>
        [.. (manifests?.ProblemsOf(kind, name) ?? []).Where(problem => !SpecLinks.DependsOnOptions(problem.Reason))];

    private DoctorLook<T> Read<T>(NamespacedName name)
        where T : class, IResource<T> => Read<T>(StateFiles.Of(state, T.ResourceKind, name));

    private IEnumerable<T> All<T>(Action<string> unread)
        where T : class, IResource<T>
    {
        foreach (var look in StateFiles.All(state, T.ResourceKind).Select(Read<T>))
        {
            if (look.Failure is { } failure)
            {
                unread(failure.Message);
            }
            else if (look.Found is { } found)
            {
                yield return found;
            }
        }
    }

    private static DoctorLook<T> Read<T>(string file)
        where T : class, IResource<T>
    {
        try
        {
            return new DoctorLook<T>(StateFiles.Find<T>(file));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            return new DoctorLook<T>(
                null,
                new Problem(
                    DoctorReason.NotReadable,
                    $"{file} cannot be read: {failure.Message} Run this as the user that local mode runs as; local mode itself says what "
                        + "to do with a damaged file."
                )
            );
        }
    }
}
