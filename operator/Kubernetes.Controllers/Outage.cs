using System.Text.Json;
using Kubernetes.Client;
using Kubernetes.Client.Access;

namespace Kubernetes.Controllers;

/// <summary>
/// Tells what the cluster, the network or the credentials did from what is a bug: the former is waited out, the latter ends the loop it
/// happens in.
/// </summary>
public static class Outage
{
    /// <summary>
    /// True for whatever a later attempt may mend. Unreadable answers count: a proxy that returns its login page is no bug of ours.
    /// </summary>
    public static bool Caused(Exception exception) => exception
        is KubernetesException or HttpRequestException or IOException or TimeoutException or JsonException or ClusterAccessException;
}
