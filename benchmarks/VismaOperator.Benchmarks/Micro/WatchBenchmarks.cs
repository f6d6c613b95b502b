using System.Buffers;
using BenchmarkDotNet.Attributes;
using Kubernetes.Client;
using Kubernetes.Client.Http;
using Kubernetes.Controllers.Caching;
using VismaOperator.Api;

namespace VismaOperator.Benchmarks.Micro;

/// <summary>From the bytes of a watch to what every reader of the store sees, among 5,000 objects.</summary>
public class WatchBenchmarks
{
    private const int Objects = 5000;
    private readonly ResourceRequest request = ResourceRequest.About(HttpMethod.Get, VismaConnection.ResourceKind, ResourceSelector.All);
    private byte[] line = [];
    private Store<VismaConnection> store = null!;
    private StoreFeed<VismaConnection> feed = null!;
    private WatchEvent<VismaConnection>.Applied applied = null!;
    private long version;

    [GlobalSetup]
    public void SetUp()
    {
        line = Sample.WatchLine(version: 1002);
        applied = (WatchEvent<VismaConnection>.Applied)Parse()!;
        store = new Store<VismaConnection>();
        store.AddIndex("client", connection => [connection.ClientName().ToString()]);
        feed = store.AddFeed(ResourceSelector.All);
        var others = Enumerable
            .Range(0, Objects)
            .Select(number => Sample.Ready.WithMetadata(Sample.Ready.Metadata with { Name = $"company-{number}" }));
        feed.Found(new CacheEvent<VismaConnection>.Complete([.. others, Sample.Ready], "1002"));
        version = 1003;
    }

    [Benchmark(Description = "Parse a watch line")]
    public object? Parse() => WatchLine.Read<VismaConnection>(new ReadOnlySequence<byte>(line), request, isKnown: null);

    [Benchmark(Description = "Update the store")]
    public void Update()
    {
        var resource = applied.Resource;
        var newer = resource.WithMetadata(
            resource.Metadata with
            {
                ResourceVersion = (version++).ToString(System.Globalization.CultureInfo.InvariantCulture),
            }
        );
        feed.Found(new CacheEvent<VismaConnection>.Applied(newer));
    }
}
