using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>A span as a collector knows it.</summary>
internal sealed record ReceivedSpan(ActivityTraceId Trace, ActivitySpanId Id, ActivitySpanId Parent, string Name);

/// <summary>Takes whatever is sent; text in protobuf stands in it as it is.</summary>
internal sealed partial class OtlpCollector : IDisposable
{
    private readonly HttpListener listener = new();
    private readonly ConcurrentQueue<(string Path, string Text)> received = new();

    public OtlpCollector()
    {
        Url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Take()}");
        listener.Prefixes.Add(Url + "/");
        listener.Start();
        _ = ServeAsync();
    }

    /// <summary>Where it listens.</summary>
    public string Url { get; }

    /// <summary>Variables of an operator that sends everything to it, soon.</summary>
    public IReadOnlyDictionary<string, string?> Environment =>
        new Dictionary<string, string?>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Url,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        };

    public IReadOnlyCollection<(string Path, string Text)> Received => received;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public Task UntilAsync(string path, params string[] words) =>
        Eventually.BecomesTrueAsync(
            $"{string.Join(", ", words)} at {path}",
            () => words.All(word => received.Any(one => one.Path == path && one.Text.Contains(word, StringComparison.Ordinal))),
            Ct
        );

    /// <summary>Waits for the span that a header <c>traceparent</c> names.</summary>
    public Task<ReceivedSpan> UntilSpanAsync(ActivityContext context) =>
        Eventually.GetAsync(
            $"the span {context.SpanId} of the trace {context.TraceId}",
            _ => Task.FromResult(Spans().FirstOrDefault(span => span.Trace == context.TraceId && span.Id == context.SpanId)),
            Ct
        );

    public void Dispose() => listener.Close();

    private IEnumerable<ReceivedSpan> Spans() =>
        from sent in received
        where sent.Path == "/v1/traces"
        from Match span in SpanPattern().Matches(sent.Text)
        select new ReceivedSpan(
            ActivityTraceId.CreateFromBytes(Bytes(span, "trace")),
            ActivitySpanId.CreateFromBytes(Bytes(span, "id")),
            span.Groups["parent"].Success ? ActivitySpanId.CreateFromBytes(Bytes(span, "parent")) : default,
            sent.Text.Substring(span.Index + span.Length, span.Groups["length"].Value[0])
        );

    private static byte[] Bytes(Match span, string group) => Encoding.Latin1.GetBytes(span.Groups[group].Value);

    // A span in trace.proto, in the order of the exporter: trace_id = 1, span_id = 2, parent_span_id = 4, flags = 16, name = 5.
    [GeneratedRegex(
        "\\x0A\\x10(?<trace>.{16})\\x12\\x08(?<id>.{8})(\\x22\\x08(?<parent>.{8}))?(\\x85\\x01.{4})?\\x2A(?<length>.)",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        60_000
    )]
    private static partial Regex SpanPattern();

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                var context = await listener.GetContextAsync();
                using var reader = new StreamReader(context.Request.InputStream, Encoding.Latin1);
                received.Enqueue((context.Request.Url!.AbsolutePath, await reader.ReadToEndAsync(Ct)));
                context.Response.Close();
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
