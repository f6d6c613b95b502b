using VismaOperator.Cli;
using VismaOperator.Hosting;
using VismaOperator.Reporting;
using VismaOperator.Tests.Cli;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Hosting;

/// <summary>Which variables switch the sending of metrics and traces on.</summary>
public sealed class OtlpExportTests
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9";

    [Theory]
    [InlineData("")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=")]
    [InlineData(Endpoint + ";OTEL_SDK_DISABLED=TRUE")]
    [InlineData(Endpoint + ";OTEL_METRICS_EXPORTER=none;OTEL_TRACES_EXPORTER=none")]
    public void Nothing_is_begun_without_a_collector(string variables)
    {
        var logs = new CapturedLogs();

        using var otlp = Start(variables, logs);

        Assert.Null(otlp);
        Assert.Empty(logs.Lines);
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=collector:4317")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=ftp://collector")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=4317")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9;OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=collector")]
    public async Task An_address_that_is_no_URL_ends_the_start(string variables)
    {
        var line = new CommandLine();
        var last = string.Empty;
        foreach (var pair in variables.Split(';').Select(one => one.Split('=', 2)))
        {
            line.With(last = pair[0], pair[1]);
        }

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync("run"));
        Assert.Contains($"{last}: is no http or https URL. Write it as http://collector", line.Error, StringComparison.Ordinal);
        Assert.Null(line.Run);

        Assert.Equal(ExitCode.Success, await line.With("OTEL_SDK_DISABLED", "true").InvokeAsync("run"));
    }

    [Theory]
    [InlineData(Endpoint + "/?key=hidden-in-the-address", 2)]
    [InlineData(Endpoint + ";OTEL_TRACES_EXPORTER=none", 1)]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://user:hidden-in-the-address@127.0.0.1:9/v1/traces", 1)]
    public void What_is_sent_where_is_told_without_what_may_be_secret_in_the_address(string variables, int signals)
    {
        var logs = new CapturedLogs();

        using var otlp = Start(variables + ";OTEL_EXPORTER_OTLP_TIMEOUT=1", logs);

        Assert.NotNull(otlp);
        Assert.Equal(signals, logs.Lines.Count(line => line.Contains("sent by OTLP to http://127.0.0.1:9", StringComparison.Ordinal)));
        Assert.DoesNotContain(logs.Lines, line => line.Contains("hidden-in-the-address", StringComparison.Ordinal));
    }

    [Fact]
    public void More_objects_than_a_metric_takes_are_told_once()
    {
        var logs = new CapturedLogs();
        var otlp = Start("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://127.0.0.1:9", logs)!;
        otlp.Add([Gauge("visma_operator_one"), Gauge("visma_operator_other")]);

        otlp.Dispose(); // sends what there is

        var told = Assert.Single(logs.Lines, line => line.Contains("OTLP takes 20000 series of a metric", StringComparison.Ordinal));
        Assert.Contains("has 20001: the others are not sent", told, StringComparison.Ordinal);
    }

    private static ObjectGauge<int> Gauge(string name) =>
        new(
            name,
            "A number for each object.",
            () => Enumerable.Range(0, OtlpExport.MaxObjects + 1),
            (number, sink) => sink.Add(number, new SeriesLabel("name", $"object-{number}"))
        );

    private static OtlpExport? Start(string variables, CapturedLogs logs)
    {
        var known = variables
            .Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => (string?)pair[1], StringComparer.Ordinal);
        return OtlpExport.Start(new OperatorOptions(), known.GetValueOrDefault, logs.CreateLogger("Otlp"));
    }
}
