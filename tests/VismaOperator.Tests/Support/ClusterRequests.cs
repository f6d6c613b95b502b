using Kubernetes.Controllers.Tests.Doubles;

namespace VismaOperator.Tests.Support;

internal static class ClusterRequests
{
    /// <summary>True for requests that change an object.</summary>
    public static bool IsWrite(this ClusterRequest request) =>
        request.Verb is ClusterVerb.Create or ClusterVerb.Update or ClusterVerb.Patch or ClusterVerb.PatchStatus or ClusterVerb.Delete;
}
