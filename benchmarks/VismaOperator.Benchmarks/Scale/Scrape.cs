using System.Globalization;
using System.Text.RegularExpressions;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>
/// Samples in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/), as far as this tool reads them.
/// </summary>
internal sealed partial class Scrape
{
    private readonly IReadOnlyList<Sample> samples;

    private Scrape(IReadOnlyList<Sample> samples) => this.samples = samples;

    /// <summary>Reads an answer; comments and lines of other shapes are passed over.</summary>
    public static Scrape Parse(string text) =>
        new([.. text.Split('\n').Select(line => SampleLine().Match(line)).Where(match => match.Success).Select(ToSample)]);

    /// <summary>The sum over all series of a name that carry the given labels.</summary>
    public double Sum(string name, params ReadOnlySpan<(string Label, string Value)> labels)
    {
        var wanted = labels.ToArray();
        return samples
            .Where(sample =>
                sample.Name == name && Array.TrueForAll(wanted, label => sample.Labels.GetValueOrDefault(label.Label) == label.Value)
            )
            .Sum(sample => sample.Value);
    }

    /// <summary>The sums over the series of a name by what is made of their labels; null leaves a series out.</summary>
    public IReadOnlyDictionary<string, double> SumBy(string name, Func<IReadOnlyDictionary<string, string>, string?> key) =>
        samples
            .Where(sample => sample.Name == name && key(sample.Labels) is not null)
            .GroupBy(sample => key(sample.Labels)!, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Sum(sample => sample.Value), StringComparer.Ordinal);

    private static Sample ToSample(Match match) =>
        new(
            match.Groups["name"].Value,
            LabelPair()
                .Matches(match.Groups["labels"].Value)
                .ToDictionary(pair => pair.Groups["key"].Value, pair => pair.Groups["value"].Value, StringComparer.Ordinal),
            double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture)
        );

    [GeneratedRegex(
        @"^(?<name>[A-Za-z_:][\w:]*)(\{(?<labels>.*)\})?\s+(?<value>[-+0-9.eE]+)(\s|$)",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex SampleLine();

    [GeneratedRegex("""(?<key>\w+)="(?<value>[^"]*)",?""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LabelPair();

    private sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);
}
