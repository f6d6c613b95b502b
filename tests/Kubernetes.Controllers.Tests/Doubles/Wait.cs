using Xunit;

namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>The one timeout of this suite: generous, since it only ends tests that would hang.</summary>
internal static class Wait
{
    private static readonly TimeSpan limit = TimeSpan.FromSeconds(60);

    public static Task For(Task task) => task.WaitAsync(limit, TestContext.Current.CancellationToken);

    public static Task<T> For<T>(Task<T> task) => task.WaitAsync(limit, TestContext.Current.CancellationToken);

    public static Task<T> For<T>(ValueTask<T> task) => For(task.AsTask());
}
