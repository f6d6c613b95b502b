using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;

namespace VismaOperator.Tests.Crashes;

/// <summary>
/// One simulated process's way to the cluster. Before and after every request lies a point at which the process can be killed or stopped: a
/// call of a dead process never returns, so that nothing of it goes on.
/// </summary>
internal sealed class ReplicaClient(Replica replica, World world) : TestClient(world.Cluster)
{
    private static readonly string[] writes =
    [
        ClusterVerb.Create,
        ClusterVerb.Update,
        ClusterVerb.Patch,
        ClusterVerb.PatchStatus,
        ClusterVerb.Delete,
    ];

    public override IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceSelector selector,
        string resourceVersion,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException("The world fills the stores.");

    protected override async Task<TAnswer> AnswerAsync<TAnswer>(
        ClusterRequest request,
        Func<Task<TAnswer>> carryOut,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (request.Kind == Event.ResourceKind)
        {
            return await carryOut(); // a courtesy, on which nothing rests
        }

        var isWrite = writes.Contains(request.Verb);
        replica.About(request);
        await replica.PointAsync($"before {request.Verb} {request.Name.Name}");
        if (replica.IsCutOff)
        {
            throw new HttpRequestException("cut off by the schedule");
        }

        var trouble = isWrite ? world.Api.TroubleOf(request) : ApiTroubleKind.None;
        await MeetAsync(trouble, request, cancellationToken);
        var answer = await CarryOutAsync(request, carryOut, trouble);
        if (trouble == ApiTroubleKind.LoseAnswer)
        {
            throw new IOException("the answer was lost");
        }

        await replica.PointAsync($"after {request.Verb} {request.Name.Name}");
        return answer;
    }

    private async Task MeetAsync(ApiTroubleKind trouble, ClusterRequest request, CancellationToken cancellationToken)
    {
        switch (trouble)
        {
            case ApiTroubleKind.Refuse:
                throw new KubernetesException(HttpStatusCode.ServiceUnavailable, "ServiceUnavailable", "refused by the schedule");
            case ApiTroubleKind.Break:
                throw new HttpRequestException("broken by the schedule");
            case ApiTroubleKind.Hang:
                await world.Api.Over.WaitAsync(cancellationToken);
                await replica.PointAsync($"released {request.Verb} {request.Name.Name}");
                break;
            case ApiTroubleKind.Conflict:
                world.Touch(request.Name);
                break;
        }
    }

    private async Task<TAnswer> CarryOutAsync<TAnswer>(ClusterRequest request, Func<Task<TAnswer>> carryOut, ApiTroubleKind trouble)
    {
        try
        {
            var answer = await carryOut();
            replica.CarriedOut(request, answer);
            return answer;
        }
        catch (KubernetesException refused)
        {
            replica.Refused(request, refused, isForeseen: trouble != ApiTroubleKind.None);
            throw;
        }
    }
}
