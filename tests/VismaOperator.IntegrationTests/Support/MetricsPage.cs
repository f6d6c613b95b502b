using System.Globalization;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>What an operator's <c>/metrics</c> says at one moment, in the Prometheus text format.</summary>
/// <param name="Text">The page.</param>
internal sealed record MetricsPage(string Text)
{
    private static readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false });

    public static async Task<MetricsPage> ReadAsync(OperatorProcess running, CancellationToken cancellationToken) =>
        new(await http.GetStringAsync(new Uri($"http://127.0.0.1:{running.HttpPort}/metrics"), cancellationToken));

    /// <summary>The sum of all samples of a metric whose labels hold the given text.</summary>
    public double Sum(string metric, string labels = "") => Text.Split('\n')
        .Where(line => line.StartsWith(metric + "{", StringComparison.Ordinal) || line.StartsWith(metric + " ", StringComparison.Ordinal))
        .Where(line => line.Contains(labels, StringComparison.Ordinal))
        .Sum(ValueOf);

    /// <summary>How often a controller has looked at an object.</summary>
    public double Reconciles(string controller) => Sum("controller_runtime_reconcile_total", $"controller=\"{controller}\"");

    // NAME{LABELS} VALUE [TIMESTAMP], and label values of ours hold no braces.
    private static double ValueOf(string line)
    {
        var rest = line[(line.LastIndexOf('}') + 1)..];
        var fields = rest.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return double.Parse(line.Contains('}', StringComparison.Ordinal) ? fields[0] : fields[1], CultureInfo.InvariantCulture);
    }
}
