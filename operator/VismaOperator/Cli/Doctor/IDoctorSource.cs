using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Reporting;

namespace VismaOperator.Cli.Doctor;

/// <summary>Where <c>doctor</c> reads: a cluster as the person may see it, or manifests.</summary>
internal interface IDoctorSource
{
    /// <summary>Where that is, as words that follow "in".</summary>
    string Name { get; }

    /// <summary>True for a cluster: only there are Pods, permissions and the operator's own words.</summary>
    bool IsCluster { get; }

    /// <summary>True where the operator has said how its objects stand.</summary>
    bool HasStatus { get; }

    /// <summary>Looks an object up. What cannot be known has the cause.</summary>
    Task<DoctorLook<T>> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T>;

    /// <summary>Lists objects. What cannot be known has the cause.</summary>
    Task<Listing<T>> ListAsync<T>(ResourceSelector selector, CancellationToken cancellationToken)
        where T : class, IResource<T>;

    /// <summary>Whether an account may do something. What cannot be known has the cause.</summary>
    Task<DoctorAnswer> MayAsync(SubjectAccessReviewSpec access, CancellationToken cancellationToken);

    /// <summary>What is wrong with an object as it is written, beyond the rules: fields and types.</summary>
    IReadOnlyList<Problem> ProblemsOf(ResourceKind kind, NamespacedName name);
}

/// <summary>The object, or nothing, or why it cannot be known.</summary>
internal readonly record struct DoctorLook<T>(T? Found, Problem? Failure = null)
    where T : class;

/// <summary>Yes or no, or why it cannot be known.</summary>
internal readonly record struct DoctorAnswer(bool IsYes, Problem? Failure = null);

/// <summary>The objects, or why they cannot be known.</summary>
internal readonly record struct Listing<T>(IReadOnlyList<T> Found, Problem? Failure = null);

/// <summary>Nothing can be looked at. The message names cause and remedy.</summary>
internal sealed class DoctorException(string message, Exception? cause = null) : ExplainedException(message, cause);
