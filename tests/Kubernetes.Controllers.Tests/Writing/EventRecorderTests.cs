using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using Kubernetes.Controllers.Writing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Kubernetes.Controllers.Tests.Writing;

public sealed class EventRecorderTests
{
    private static readonly Widget widget = new()
    {
        Metadata = new() { Name = "acme", Namespace = "team-a", Uid = "u-1", ResourceVersion = "7" },
    };

    private readonly EventLog events = new();
    private readonly CapturedLog log = new();
    private readonly FakeTimeProvider time = new();
    private readonly EventRecorder recorder;

    public EventRecorderTests() => recorder = new(events, "visma-operator.io/operator", "pod-1", time, log);

    [Fact]
    public async Task Writes_what_the_server_demands()
    {
        await recorder.RecordAsync(
            widget,
            EventKind.Warning,
            "TokenRefused",
            "Refresh",
            "The secret is wrong.",
            TestContext.Current.CancellationToken
        );

        var written = Assert.Single(events.Written);
        Assert.Equal(("team-a", time.GetUtcNow()), (written.Metadata.Namespace, written.EventTime));
        Assert.Equal(
            ("Warning", "TokenRefused", "Refresh", "The secret is wrong."),
            (written.Type, written.Reason, written.Action, written.Note)
        );
        Assert.Equal(("visma-operator.io/operator", "pod-1"), (written.ReportingController, written.ReportingInstance));
        Assert.Equal(
            new ObjectReference
            {
                ApiVersion = "example.com/v1",
                Kind = "Widget",
                Namespace = "team-a",
                Name = "acme",
                Uid = "u-1",
                ResourceVersion = "7",
            },
            written.Regarding
        );
    }

    [Fact]
    public async Task Gives_every_event_a_name_of_its_own_also_at_the_same_instant()
    {
        await RecordAsync("a");
        await RecordAsync("b");
        Assert.Equal(2, events.Written.Select(written => written.Metadata.Name).Distinct().Count());
        Assert.All(events.Written, written => Assert.Matches("^acme\\.[0-9a-f]+$", written.Metadata.Name));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("é")]
    [InlineData("🔑")]
    public async Task Cuts_a_note_at_1024_bytes_and_between_characters(string character)
    {
        await RecordAsync(string.Concat(Enumerable.Repeat(character, 2000)));
        var note = events.Written[0].Note!;
        Assert.Equal(1024, Encoding.UTF8.GetByteCount(note));
        Assert.DoesNotContain("\uFFFD", note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_that_cannot_be_written_fails_nothing()
    {
        events.Refusal = new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "namespace is terminating");
        await RecordAsync("note");
        Assert.Contains("namespace is terminating", log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_being_stopped_is_passed_on()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        events.Refusal = new OperationCanceledException();
        await RecordAsync("a timeout is not a stop");
        await Assert.ThrowsAsync<OperationCanceledException>(() =>
            recorder.RecordAsync(widget, EventKind.Normal, "R", "A", "n", stop.Token)
        );
    }

    private Task RecordAsync(string note) =>
        recorder.RecordAsync(widget, EventKind.Normal, "Reason", "Action", note, TestContext.Current.CancellationToken);

    private sealed class EventLog : IKubernetesClient
    {
        public List<Event> Written { get; } = [];

        public Exception? Refusal { get; set; }

        public Task<T> CreateAsync<T>(T resource, CancellationToken cancellationToken)
            where T : class, IResource<T>
        {
            if (Refusal is not null)
            {
                return Task.FromException<T>(Refusal);
            }

            Written.Add((Event)(object)resource);
            return Task.FromResult(resource);
        }

        public Task<T?> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
            where T : class, IResource<T> => throw new NotSupportedException();

        public Task<ResourcePage<T>> ListPageAsync<T>(
            ResourceSelector selector,
            int limit,
            string? continueToken,
            CancellationToken cancellationToken
        )
            where T : class, IResource<T> => throw new NotSupportedException();

        public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
            ResourceSelector selector,
            string resourceVersion,
            CancellationToken cancellationToken
        )
            where T : class, IResource<T> => throw new NotSupportedException();

        public Task<T> ReplaceAsync<T>(T resource, CancellationToken cancellationToken)
            where T : class, IResource<T> => throw new NotSupportedException();

        public Task<T> PatchStatusAsync<T>(NamespacedName name, JsonObject mergePatch, CancellationToken cancellationToken)
            where T : class, IResource<T> => throw new NotSupportedException();

        public Task DeleteAsync<T>(NamespacedName name, DeletePreconditions? preconditions, CancellationToken cancellationToken)
            where T : class, IResource<T> => throw new NotSupportedException();
    }
}
