using System.Net;
using System.Text;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using Kubernetes.Controllers.Writing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Kubernetes.Controllers.Tests.Writing;

public sealed class EventRecorderTests : IDisposable
{
    private static readonly Widget widget = new()
    {
        Metadata = new() { Name = "acme", Namespace = "team-a", Uid = "u-1", ResourceVersion = "7" },
    };

    private readonly EventLog events = new();
    private readonly CapturedLog log = new();
    private readonly CapturedMetrics meters = new();
    private readonly CountingTime time = new();
    private readonly CancellationTokenSource stop = new();
    private readonly EventRecorder recorder;
    private Task? running;

    public EventRecorderTests() =>
        recorder = new(events, "visma-operator.io/operator", "pod-1", time, meters.Metrics, log);

    public void Dispose()
    {
        stop.Cancel();
        stop.Dispose();
        meters.Dispose();
    }

    [Fact]
    public async Task Writes_what_the_server_demands()
    {
        recorder.Record(widget, EventKind.Warning, "TokenRefused", "Refresh", "The secret is wrong.");
        await WrittenAsync();

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
        Record("a", reason: "First");
        Record("b", reason: "Second");
        await WrittenAsync();

        Assert.Equal(2, events.Written.Select(written => written.Metadata.Name).Distinct().Count());
        Assert.All(events.Written, written => Assert.Matches("^acme\\.[0-9a-f]+$", written.Metadata.Name));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("é")]
    [InlineData("🔑")]
    public async Task Cuts_a_note_at_1024_bytes_and_between_characters(string character)
    {
        Record(string.Concat(Enumerable.Repeat(character, 2000)));
        await WrittenAsync();

        var note = events.Written[0].Note!;
        Assert.Equal(1024, Encoding.UTF8.GetByteCount(note));
        Assert.DoesNotContain("\uFFFD", note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_that_cannot_be_written_fails_nothing()
    {
        events.Refusal = new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "namespace is terminating");
        Record("note");
        await WrittenAsync();
        events.Refusal = new OperationCanceledException(); // a timeout is no stop
        Record("note", reason: "Another");
        await WrittenAsync();

        Assert.Contains("namespace is terminating", log.Text, StringComparison.Ordinal);
        Assert.Equal(2, meters["controller_events_dropped_total{cause=failed}"]);
        Assert.False(running!.IsCompleted);
    }

    [Fact]
    public async Task Each_object_and_reason_has_one_event_in_five_minutes_and_the_last_one_is_written_then()
    {
        Run();
        Record("a");
        recorder.Record(widget, EventKind.Warning, "Reason", "Action", "e");
        recorder.Record(widget, EventKind.Warning, "Reason", "Action", "ended by what came later");
        Record("b");
        Record("c");
        recorder.Record(widget with { Metadata = widget.Metadata with { Uid = "u-2" } }, EventKind.Normal, "Reason", "Action", "d");
        Record("f", reason: "Another", subject: "of another condition");
        Record("g", subject: "of something else");
        await WrittenAsync();
        Assert.Equal(["a", "e", "d", "f", "g"], events.Written.Select(written => written.Note));

        time.Advance(EventRecorder.Interval + TimeSpan.FromSeconds(10));
        await WrittenAsync();
        Record("h");
        time.Advance(EventRecorder.Interval + TimeSpan.FromSeconds(10));
        await WrittenAsync();

        Assert.Equal(["c", "h"], events.Written.Select(written => written.Note).Skip(5));
        Assert.Equal(2, meters["controller_events_dropped_total{cause=repeated}"]);
    }

    [Fact]
    public async Task A_recorder_with_nothing_to_remember_wakes_for_nothing()
    {
        Run();
        Record("a");
        await WrittenAsync();
        time.Advance(EventRecorder.Interval + TimeSpan.FromSeconds(10));
        var rings = time.Rings;

        time.Advance(TimeSpan.FromDays(1));

        Assert.Equal(rings, time.Rings);
        Record("b");
        Record("c");
        time.Advance(EventRecorder.Interval + TimeSpan.FromSeconds(10));
        await WrittenAsync();
        Assert.Equal(["a", "b", "c"], events.Written.Select(written => written.Note));
    }

    [Fact]
    public async Task Nobody_waits_while_events_cannot_be_written_and_what_is_too_much_is_dropped()
    {
        events.Blocked = new TaskCompletionSource();
        Run();
        for (var number = 0; number <= EventRecorder.Capacity + 10; number++)
        {
            Record("note", subject: $"{number}");
        }

        var flushed = recorder.FlushAsync(TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(1));
        await flushed;
        events.Blocked.SetResult();
        await WrittenAsync();

        Assert.InRange(events.Written.Count, EventRecorder.Capacity, EventRecorder.Capacity + 1);
        Assert.InRange(meters["controller_events_dropped_total{cause=queue_full}"]!.Value, 10, 11);
        Assert.Single(log.Text.Split('\n'), line => line.Contains("others are dropped", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_repeated_event_that_waits_for_room_is_not_counted_as_dropped()
    {
        Record("first");
        await WrittenAsync();
        Record("again");
        events.Blocked = new TaskCompletionSource();
        for (var number = 0; number <= EventRecorder.Capacity + 1; number++)
        {
            Record("note", subject: $"{number}");
        }

        var dropped = meters["controller_events_dropped_total{cause=queue_full}"];
        time.Advance(EventRecorder.Interval + TimeSpan.FromSeconds(30));
        Assert.Equal(dropped, meters["controller_events_dropped_total{cause=queue_full}"]);

        events.Blocked.SetResult();
        await WrittenAsync();
        time.Advance(TimeSpan.FromSeconds(10));
        await WrittenAsync();
        Assert.Contains("again", events.Written.Select(written => written.Note));
    }

    private void Record(string note, string reason = "Reason", string? subject = null) =>
        recorder.Record(widget, EventKind.Normal, reason, "Action", note, subject);

    private void Run() => running ??= Task.Run(() => recorder.RunAsync(stop.Token));

    private async Task WrittenAsync()
    {
        Run();
        await recorder.WhenAtRestAsync().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    /// <summary>Counts how often a timer rings.</summary>
    private sealed class CountingTime : FakeTimeProvider
    {
        public int Rings { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(
                given =>
                {
                    Rings++;
                    callback(given);
                },
                state,
                dueTime,
                period
            );
    }

    private sealed class EventLog : TestClient
    {
        public List<Event> Written { get; } = [];

        public Exception? Refusal { get; set; }

        public TaskCompletionSource? Blocked { get; set; }

        public override Task<T> CreateAsync<T>(T resource, CancellationToken cancellationToken) =>
            Refusal is null ? WriteAsync(resource) : Task.FromException<T>(Refusal);

        private async Task<T> WriteAsync<T>(T resource)
            where T : class, IResource<T>
        {
            await (Blocked?.Task ?? Task.CompletedTask);
            Written.Add((Event)(object)resource);
            return resource;
        }
    }
}
