using System.Text.Json;
using Kubernetes.Client;
using Kubernetes.Client.Access;

namespace Kubernetes.Controllers;

/// <summary>
/// Distinguishes failures of the cluster, the network or the credentials from bugs. The former are waited out; the latter end the loop they
/// happen in.
/// </summary>
public static class Outage
{
    /// <summary>
    /// True for every failure that a later attempt may not meet. Unreadable answers count: a proxy that returns its login page is no bug of
    /// ours.
    /// </summary>
    public static bool Caused(Exception exception) => exception
        is KubernetesException or HttpRequestException or IOException or TimeoutException or JsonException or ClusterAccessException;
}
