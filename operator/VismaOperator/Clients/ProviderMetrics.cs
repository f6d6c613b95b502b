using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using OAuth;

namespace VismaOperator.Clients;

/// <summary>Metrics of token requests, and of the clock of each provider.</summary>
internal sealed class ProviderMetrics
{
    public const string MeterName = "VismaOperator.Provider";

    /// <summary>Name of the source of traces.</summary>
    public const string SourceName = "VismaOperator.Provider";

    private const string Granted = "granted";
    private const string Refused = "refused";
    private const string Throttled = "throttled";
    private const string Unavailable = "unavailable";
    private const string Malformed = "malformed";
    private const string NotSent = "not_sent";

    // A provider answers in tens of milliseconds, and is given up after eight seconds.
    private static readonly double[] seconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    // RFC 6749 section 5.2, and Visma's own.
    private static readonly string[] codes =
    [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "invalid_scope",
        "invalid_tenant",
        "unauthorized_client",
        "unsupported_grant_type",
    ];

    private static readonly ActivitySource source = new(SourceName);

    private readonly TimeProvider time;
    private readonly Counter<long> requests;
    private readonly Histogram<double> duration;
    private readonly ConcurrentDictionary<string, double> ahead = new(StringComparer.Ordinal);

    // By issuer, and by server: an issuer may have endpoints on several servers, all on allowed hosts. Empty before the first request.
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, Uri>> endpoints = new(StringComparer.Ordinal);

    /// <summary>Makes the instruments, with every outcome at zero for each issuer that may be contacted.</summary>
    public ProviderMetrics(IMeterFactory meters, IEnumerable<string> issuers, TimeProvider time)
    {
        this.time = time;
        var meter = meters.Create(MeterName);
        requests = meter.CreateCounter<long>(
            "visma_operator_token_requests_total",
            description: "Requests to the token endpoint, by issuer and outcome."
        );
        duration = meter.CreateHistogram(
            "visma_operator_token_request_duration_seconds",
            unit: "s",
            "Time from when a token request was sent until its answer was read.",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = seconds }
        );
        meter.CreateObservableGauge(
            "visma_operator_clock_skew_seconds",
            () => ahead.Select(known => new Measurement<double>(known.Value, new KeyValuePair<string, object?>("issuer", known.Key))),
            description: "How far the clock of this machine is ahead of the provider's (negative: behind), by the Date of its last answer."
        );
        meter.CreateObservableGauge(
            "visma_operator_issuer_paused_until_timestamp_seconds",
            () => endpoints.Select(known =>
                new Measurement<long>(PausedUntil(known.Value.Values), new KeyValuePair<string, object?>("issuer", known.Key))
            ),
            description: "Until when nothing is sent to an issuer that asked for a pause (429) or has been failing, as Unix time; 0 while "
                + "requests are sent. Of several servers of an issuer, the longest pause."
        );
        foreach (var issuer in issuers.Select(issuer => Name(new Uri(issuer))))
        {
            endpoints[issuer] = [];
            foreach (var outcome in Outcomes)
            {
                requests.Add(0, Labels(issuer, outcome));
            }
        }
    }

    /// <summary>Every value of the label <c>outcome</c>.</summary>
    public static IReadOnlyList<string> Outcomes { get; } = [Granted, .. codes, Refused, Throttled, Unavailable, Malformed, NotSent];

    /// <summary>Begins to measure a request. It is counted when the measurement is disposed.</summary>
    public MeasuredRequest Measure(Uri issuer, Uri endpoint, TokenRequest request)
    {
        endpoints.GetOrAdd(Name(issuer), _ => [])[endpoint.Authority] = endpoint;
        return new(this, issuer, request);
    }

    /// <summary>For how long nothing is sent to the server of a token endpoint; null while requests are let through.</summary>
    public Func<Uri, TimeSpan?> ClosedFor { private get; init; } = _ => null;

    private long PausedUntil(IEnumerable<Uri> servers) =>
        servers.Max(ClosedFor) is { } left ? (time.GetUtcNow() + left).ToUnixTimeSeconds() + 1 : 0;

    // The wait for a turn is part of it, and marked by an event. The provider is sent no context of a trace.
    private static Activity? Begin(Uri issuer, TokenRequest request) =>
        source.HasListeners()
            ? source.StartActivity("token request", ActivityKind.Client)
                ?.SetTag("server.address", issuer.Host)
                .SetTag("visma_operator.issuer", Name(issuer))
                .SetTag("visma_operator.grant", request.GrantType)
            : null;

    private void Answered(string issuer, ClockReading? reading)
    {
        if (reading is not null)
        {
            ahead[issuer] = Math.Round(reading.Ahead.TotalSeconds, 3);
        }
    }

    // A code of the provider's own invention is no label: labels come from a closed set.
    private static string OutcomeOf(TokenOutcome outcome) =>
        outcome switch
        {
            TokenOutcome.Granted => Granted,
            TokenOutcome.Refused refused => codes.Contains(refused.Error) ? refused.Error : Refused,
            TokenOutcome.Unavailable { StatusCode: HttpStatusCode.TooManyRequests } => Throttled,
            TokenOutcome.Unavailable { HadTurn: false } => NotSent,
            TokenOutcome.Unavailable => Unavailable,
            _ => Malformed,
        };

    private static string Name(Uri issuer) => issuer.GetLeftPart(UriPartial.Path).TrimEnd('/');

    private static TagList Labels(string issuer, string outcome) => new() { { "issuer", issuer }, { "outcome", outcome } };

    /// <summary>One token request, from before its turn until it is over.</summary>
    internal sealed class MeasuredRequest : IDisposable
    {
        private readonly ProviderMetrics metrics;
        private readonly string issuer;
        private readonly Activity? span;
        private string outcome = Unavailable; // given up after it was sent
        private long? began;

        public MeasuredRequest(ProviderMetrics metrics, Uri issuer, TokenRequest request)
        {
            (this.metrics, this.issuer, span) = (metrics, Name(issuer), Begin(issuer, request));
            Request = request with
            {
                TurnCame = () =>
                {
                    request.TurnCame?.Invoke();
                    began = metrics.time.GetTimestamp();
                    span?.AddEvent(new ActivityEvent("turn came"));
                },
            };
        }

        /// <summary>The request, which tells when it has its turn: from then on it is timed.</summary>
        public TokenRequest Request { get; }

        /// <summary>The provider has answered, or nothing could be sent.</summary>
        public void Ended(TokenOutcome answer)
        {
            outcome = OutcomeOf(answer);
            metrics.Answered(issuer, answer.Clock);
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            outcome = began is null ? NotSent : outcome;
            span?.SetTag("visma_operator.outcome", outcome);
            var labels = Labels(issuer, outcome);
            metrics.requests.Add(1, labels);
            if (began is { } sent)
            {
                metrics.duration.Record(metrics.time.GetElapsedTime(sent).TotalSeconds, labels);
            }

            span?.Dispose();
        }
    }
}
