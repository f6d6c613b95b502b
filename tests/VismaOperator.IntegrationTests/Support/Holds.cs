using VismaConnect.StandIn;
using Proxying = VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>Holds one request up, at the provider or on its way to the API server, until it is let go.</summary>
internal static class Holds
{
    /// <summary>The provider has the next request of this grant type and has processed nothing of it.</summary>
    public static Held HoldAtProvider(this Scene scene, int tenant, string grantType) =>
        scene.At(tenant, grantType, until => new Fault.Hold(until));

    /// <summary>The provider has processed the next request of this grant type, and its answer is on its way.</summary>
    public static Held HoldAnswerOfProvider(this Scene scene, int tenant, string grantType) =>
        scene.At(tenant, grantType, until => new Fault.HoldAnswer(until));

    /// <summary>The API server has seen nothing of a write.</summary>
    /// <param name="way">The writer's way to the API server.</param>
    /// <param name="method">PUT or PATCH.</param>
    /// <param name="path">What is written.</param>
    /// <param name="which">Which of those that come from now on, from 1.</param>
    public static Held HoldWrite(this Proxying.ApiProxy way, string method, string path, int which = 1) =>
        way.Meet(new Proxying.FaultEffect.Hold(), method, path, number => number == which);

    /// <summary>The API server sees nothing of a write, nor of those that are tried after it.</summary>
    /// <inheritdoc cref="HoldWrite" path="/param"/>
    public static Held HoldWritesFrom(this Proxying.ApiProxy way, string method, string path, int which) =>
        way.Meet(new Proxying.FaultEffect.Hold(), method, path, number => number >= which);

    /// <summary>The API server has carried a write out, and its answer is on its way.</summary>
    /// <inheritdoc cref="HoldWrite" path="/param"/>
    public static Held HoldWriteAnswer(this Proxying.ApiProxy way, string method, string path, int which = 1) =>
        way.Meet(new Proxying.FaultEffect.HoldAnswer(), method, path, number => number == which);

    private static Held At(this Scene scene, int tenant, string grantType, Func<Task, Fault.Holding> faultOf)
    {
        var until = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var fault = faultOf(until.Task);
        scene.Provider.Faults.Next(fault, tenantId: Consents.TenantOf(tenant), grantType: grantType);
        return new Held(fault.Reached, () => until.TrySetResult());
    }

    private static Held Meet(this Proxying.ApiProxy way, Proxying.FaultEffect effect, string method, string path, Func<int, bool> isMeant)
    {
        var seen = 0;
        var fault = way.Inject(
            effect,
            request => request.Method == method && request.Path == path && isMeant(Interlocked.Increment(ref seen))
        );
        return new Held(fault.Holding, fault.Dispose);
    }
}

/// <summary>Something that is held up. Disposing lets it go on.</summary>
internal sealed class Held(Task reached, Action letGo) : IDisposable
{
    /// <summary>Completes when it is held.</summary>
    public Task Reached => reached;

    /// <inheritdoc/>
    public void Dispose() => letGo();
}
