using BenchmarkDotNet.Attributes;
using Lifecycle;

namespace VismaOperator.Benchmarks.Micro;

/// <summary>The pure core: what to do, and what to say of it.</summary>
public class DecisionBenchmarks
{
    private Decision wait = null!;

    [GlobalSetup]
    public void SetUp() => wait = Policy.Decide(Sample.FactsAfter, Sample.Now);

    [Benchmark(Description = "Policy.Decide: no token yet")]
    public Decision DecideRefresh() => Policy.Decide(Sample.FactsBefore, Sample.Now);

    [Benchmark(Description = "Policy.Decide: all fresh")]
    public Decision DecideWait() => Policy.Decide(Sample.FactsAfter, Sample.Now);

    [Benchmark(Description = "Report.Of: Ready")]
    public Report ReportReady() => Report.Of(Sample.FactsAfter, wait, Sample.Now);
}
