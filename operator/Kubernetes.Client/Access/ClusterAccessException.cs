namespace Kubernetes.Client.Access;

/// <summary>
/// The cluster's address or its credentials cannot be obtained; in local mode, the state folder cannot be written. The message names the
/// object (file, context, plugin), the cause, and what to do; it never holds a token, a key or a password.
/// </summary>
public sealed class ClusterAccessException : Exception
{
    /// <summary>Says what is wrong, why, and what to do.</summary>
    public ClusterAccessException(string message)
        : base(message)
    {
    }

    /// <summary>Says what is wrong, why, and what to do; <paramref name="cause"/> must not hold a secret.</summary>
    public ClusterAccessException(string message, Exception cause)
        : base(message, cause)
    {
    }

    /// <summary>True where nothing names a cluster: neither a kubeconfig nor a pod.</summary>
    public bool IsNoCluster { get; init; }
}
