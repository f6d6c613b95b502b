using Kubernetes.Client;
using Kubernetes.Controllers.Telemetry;
using Microsoft.Extensions.Logging;

namespace Kubernetes.Controllers.Caching;

/// <summary>
/// One list beside the watch, for decisions that must not rest on a watch that lags. It brings newer versions into a store; deletions are
/// left to the watch.
/// </summary>
/// <param name="client">The cluster.</param>
/// <param name="selector">What is listed.</param>
/// <param name="store">What is brought up to date.</param>
/// <param name="time">Clock of the waits after failures.</param>
/// <param name="random">A random number in [0, 1).</param>
/// <param name="logger">Log.</param>
internal sealed partial class FreshList<T>(
    IKubernetesClient client, ResourceSelector selector, Store<T> store, TimeProvider time, Func<double> random, ILogger logger)
    where T : class, IResource<T>
{
    private const int PageSize = 500;

    /// <summary>Hears of each failure.</summary>
    public Action<string, ListFailure> OnFailure { get; init; } = static (_, _) => { };

    /// <summary>
    /// Returns once every page was taken in. Failures of the server or the network are waited out, and the list starts again.
    /// </summary>
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        var backoff = new ListWatchBackoff(time, random);
        var failures = 0;
        while (await TryTakeAsync(cancellationToken).ConfigureAwait(false) is { } failure)
        {
            var delay = backoff.NextDelay(failure);
            var cause = FailureText.Of(failure);
            OnFailure(cause, backoff.KindOf(failure));
            LogFailure(failures++ == 0 ? LogLevel.Warning : LogLevel.Debug, T.ResourceKind.Plural, selector, delay, cause);
            await time.DelayAsync(delay, cancellationToken).ConfigureAwait(false);
        }

        if (failures > 0)
        {
            LogTaken(T.ResourceKind.Plural, selector, failures);
        }
    }

    private async Task<Exception?> TryTakeAsync(CancellationToken cancellationToken)
    {
        try
        {
            string? next = null;
            do
            {
                var page = await client.ListPageAsync<T>(selector, PageSize, next, cancellationToken).ConfigureAwait(false);
                store.CatchUp(page.Items);
                next = page.ContinueToken;
            }
            while (next is { Length: > 0 });
            return null;
        }
        catch (Exception failure)
            when (!cancellationToken.IsCancellationRequested && (failure is OperationCanceledException || Outage.Caused(failure)))
        {
            return failure;
        }
    }

    [LoggerMessage(
        LogLevel.Information,
        "Fresh list of {Plural} ({Selector}) was read, after {Failures} failed attempts",
        EventName = "FreshListTaken"
    )]
    private partial void LogTaken(string plural, ResourceSelector selector, int failures);

    [LoggerMessage(
        Message = "Fresh list of {Plural} ({Selector}) failed, trying again in {Delay}: {Failure}",
        EventName = "FreshListFailed"
    )]
    private partial void LogFailure(LogLevel level, string plural, ResourceSelector selector, TimeSpan delay, string failure);
}
