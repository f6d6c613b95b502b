using BenchmarkDotNet.Attributes;
using Kubernetes.Client;
using Kubernetes.Controllers.Queueing;

namespace VismaOperator.Benchmarks.Micro;

/// <summary>The work queue with 5,000 other keys that are due later, as when every token is fresh.</summary>
public class QueueBenchmarks
{
    private const int Others = 5000;
    private static readonly NamespacedName key = new("integrations", "acme-production");
    private WorkQueue queue = null!;

    [GlobalSetup]
    public void SetUp()
    {
        queue = new WorkQueue(TimeProvider.System, BackoffOptions.ForKeys, () => 0.5);
        var later = TimeProvider.System.GetUtcNow().AddHours(1);
        for (var number = 0; number < Others; number++)
        {
            queue.AddAt(new NamespacedName("integrations", $"company-{number}"), later.AddSeconds(number));
        }
    }

    [GlobalCleanup]
    public void CleanUp() => queue.Dispose();

    [Benchmark(Description = "WorkQueue: add, take, done")]
    public async Task<NamespacedName> AddAndTake()
    {
        queue.Add(key);
        var taken = await queue.TakeAsync(CancellationToken.None);
        queue.Done(taken);
        return taken;
    }

    [Benchmark(Description = "WorkQueue: move an appointment, then run it")]
    public async Task<NamespacedName> AppointAndTake()
    {
        queue.AddAt(key, TimeProvider.System.GetUtcNow().AddMinutes(30));
        return await AddAndTake();
    }
}
