using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using Kubernetes.Client.Access;
using Microsoft.Extensions.Time.Testing;

namespace Kubernetes.Client.Tests.Http;

/// <summary>An HTTP client for one test, on a fake clock.</summary>
internal sealed class ClientUnderTest : IDisposable
{
    private readonly KubernetesHttp http;

    public ClientUnderTest(ClusterAccess access, double random = 0)
        : this(access, Options, random)
    {
    }

    public ClientUnderTest(ClusterAccess access, KubernetesHttpOptions options, double random = 0)
    {
        http = new KubernetesHttp(access, options, Clock, Meters);
        Client = new HttpKubernetesClient(http, Clock, () => random);
    }

    public ClientUnderTest(ScriptedApiServer server, double random = 0)
        : this(To(server), random)
    {
    }

    public static KubernetesHttpOptions Options { get; } = new() { MaxAnswerSize = 1024 * 1024 };

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public TestMeters Meters { get; } = new();

    public HttpKubernetesClient Client { get; }

    public static ClusterAccess To(ScriptedApiServer server, string token = "t0ken") => new()
    {
        Server = server.Address,
        Source = "test",
        Credential = _ => new FixedCredential(new AuthenticationHeaderValue("Bearer", token), null),
    };

    public void Dispose()
    {
        http.Dispose();
        Meters.Dispose();
    }
}

/// <summary>Makes meters that belong to one test.</summary>
internal sealed class TestMeters : IMeterFactory
{
    private readonly List<Meter> created = [];

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        var meter = new Meter(options);
        created.Add(meter);
        return meter;
    }

    public void Dispose() => created.ForEach(meter => meter.Dispose());
}
