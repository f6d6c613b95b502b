using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace VismaConnect.StandIn;

/// <summary>
/// Serves one request: notes its arrival, lets the script spoil it, processes it, and notes the outcome before the answer leaves.
/// </summary>
internal sealed class Desk(Ledger ledger, FaultScript faults, TimeProvider time, CancellationToken stopping)
{
    private static readonly string[] traceHeaders = ["traceparent", "tracestate", "baggage", "Correlation-Context", "Request-Id"];

    private long clockOffsetTicks;

    /// <summary>By how much the <c>Date</c> of answers is ahead of <see cref="StandInOptions.Time"/>.</summary>
    public TimeSpan ClockOffset
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref clockOffsetTicks));
        set => Interlocked.Exchange(ref clockOffsetTicks, value.Ticks);
    }

    public async Task ServeAsync(HttpContext context, StandInEndpoint endpoint, AskedFor asked, Func<Reply> process)
    {
        context.Response.OnStarting(() =>
        {
            if (context.Response.Headers.Date.Count == 0)
            {
                context.Response.Headers.Date = (time.GetUtcNow() + ClockOffset).ToString("R", CultureInfo.InvariantCulture);
            }

            return Task.CompletedTask;
        });
        var visit = new Visit(context, endpoint, asked, ledger.Enter(endpoint), process);
        try
        {
            await ServeAsync(visit, faults.Take(endpoint, asked));
        }
        catch (OperationCanceledException)
        {
            // The client left before its answer did, or the stand-in stops.
        }
        finally
        {
            ledger.Leave(endpoint);
        }
    }

    private async Task ServeAsync(Visit visit, Fault? fault)
    {
        switch (fault)
        {
            case Fault.Answer answer:
                await FinishAsync(
                    visit,
                    new Reply(answer.Status, answer.Body, answer.MediaType, answer.Headers, $"fault: answered {answer.Status}")
                );
                return;
            case Fault.CutBefore:
                Note(visit, "fault: cut before", null);
                visit.Context.Abort();
                return;
            case Fault.CutAfterProcessing:
                var kept = visit.Process();
                Note(visit, kept.Outcome + ", then cut", kept.Grant);
                visit.Context.Abort();
                return;
            case Fault.CutDuringAnswer:
                var whole = visit.Process();
                Note(visit, whole.Outcome + ", then cut", whole.Grant);
                await whole.WriteHalfAsync(visit.Context.Response);
                visit.Context.Abort();
                return;
            case Fault.HoldAnswer hold:
                var ready = visit.Process();
                Note(visit, ready.Outcome, ready.Grant);
                await hold.HoldAsync(stopping);
                await ready.WriteAsync(visit.Context.Response);
                return;
            case Fault.Slow slow:
                await Task.Delay(slow.By, time, stopping);
                break;
            case Fault.Hold hold:
                await hold.HoldAsync(stopping);
                break;
        }

        await FinishAsync(visit, visit.Process());
    }

    private async Task FinishAsync(Visit visit, Reply reply)
    {
        Note(visit, reply.Outcome, reply.Grant);
        await reply.WriteAsync(visit.Context.Response);
    }

    private void Note(Visit visit, string outcome, GrantTrace? grant) =>
        ledger.Add(number => new LedgerEntry(number, visit.Arrived, visit.Endpoint, visit.Asked, outcome)
        {
            Grant = grant,
            TraceHeaders = [.. traceHeaders.Where(visit.Context.Request.Headers.ContainsKey)],
        });

    private sealed record Visit(HttpContext Context, StandInEndpoint Endpoint, AskedFor Asked, DateTimeOffset Arrived, Func<Reply> Process);
}
