using BenchmarkDotNet.Attributes;
using Kubernetes.Controllers.Writing;
using VismaOperator.Publishing;

namespace VismaOperator.Benchmarks.Micro;

/// <summary>What is composed for the API server: the status patch and the Secret.</summary>
public class WritingBenchmarks
{
    [Benchmark(Description = "StatusPatch.Between: first Ready")]
    public ReadOnlyMemory<byte>? PatchFirst() => StatusPatch.Between(Sample.Fresh, Sample.Ready);

    [Benchmark(Description = "StatusPatch.Between: nothing changed")]
    public ReadOnlyMemory<byte>? PatchNothing() =>
        StatusPatch.Between(Sample.Ready, Sample.Ready with { Status = Sample.Ready.Status with { ObservedGeneration = 1 } });

    [Benchmark(Description = "TokenSecret.Render with fingerprint")]
    public object Render() => TokenSecret.Render(Sample.Fresh, Sample.Token, present: null);

    [Benchmark(Description = "TokenSecret.Fingerprint")]
    public string Fingerprint() => TokenSecret.Fingerprint(Sample.Published.Data);

    [Benchmark(Description = "ConnectionFactsReader.Read")]
    public object ReadFacts() =>
        ConnectionFactsReader.Read(Sample.Ready, new VismaOperator.Api.Validation.AllowLists(), isNamespaceTerminating: false);
}
