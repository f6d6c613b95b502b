using System.Globalization;
using System.Net;
using System.Text;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>Draws the panels of the dashboard from the answers of Prometheus, roughly as Grafana does: a page without scripts.</summary>
internal static class DashboardDrawing
{
    private const int Column = 57;
    private const int Line = 34;
    private const int Gap = 6;

    private static readonly string[] palette =
    [
        "#3a7fc1", "#e0752d", "#3f9a4c", "#b8402a", "#7a5fb5", "#8a6a3a", "#c7599b", "#6b7280", "#9aa62a", "#2aa5b0",
    ];

    private static readonly Dictionary<string, string> colours = new()
    {
        ["green"] = "#2f8f46",
        ["red"] = "#c4302b",
        ["orange"] = "#d9822b",
        ["blue"] = "#2f6fb0",
    };

    /// <summary>The page.</summary>
    public static string Of(IReadOnlyList<DashboardPanel> panels)
    {
        var height = panels.Max(panel => At(panel, "y") + At(panel, "h")) * Line;
        return $$"""
            <!doctype html><meta charset="utf-8"><title>Visma operator</title><style>
            body { margin: 0; background: #f4f5f7; font: 12px sans-serif; color: #24292e }
            main { position: relative; width: {{24 * Column}}px; height: {{height}}px; margin: 12px }
            section { position: absolute; box-sizing: border-box; background: #fff; border: 1px solid #d5d9de }
            section { overflow: hidden; padding: 4px 8px }
            h2 { font-size: 14px; margin: 12px 0 0 } h3 { font-size: 12px; margin: 0 0 4px; white-space: nowrap }
            .stat { color: #fff; text-align: center } .stat h3 { font-size: 11px; letter-spacing: -0.4px } .stat b { font-size: 34px; display: block; margin-top: 18px }
            table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: 3px 6px; border-bottom: 1px solid #e5e8eb }
            .bar { background: #c4302b; height: 14px; display: inline-block; vertical-align: middle; margin-right: 6px }
            .legend span { margin-right: 10px; white-space: nowrap }
            .legend i { display: inline-block; width: 10px; height: 3px; margin-right: 4px; vertical-align: middle }
            text { font: 10px sans-serif; fill: #57606a }
            </style><main>{{string.Concat(panels.Select(Panel))}}</main>
            """;
    }

    private static string Panel(DashboardPanel panel)
    {
        var (x, y) = (At(panel, "x") * Column, At(panel, "y") * Line);
        if (panel.Kind == "row")
        {
            return $"""<h2 style="position:absolute;left:{x}px;top:{y}px">{Text(panel.Title)}</h2>""";
        }

        var (width, height) = ((At(panel, "w") * Column) - Gap, (At(panel, "h") * Line) - Gap);
        var place = $"left:{x}px;top:{y}px;width:{width}px;height:{height}px";
        return panel.Kind switch
        {
            "stat" => Stat(panel, place),
            "table" => Section(panel, place, Table(panel)),
            "bargauge" => Section(panel, place, Bars(panel)),
            _ => Section(panel, place, Chart(panel, width - 16, height - 60) + Legend(panel)),
        };
    }

    private static string Section(DashboardPanel panel, string place, string inner) =>
        $"""<section style="{place}"><h3>{Text(panel.Title)}</h3>{inner}</section>""";

    private static string Stat(DashboardPanel panel, string place)
    {
        var value = panel.Answers[0].Series[0].Last;
        var colour = colours[Steps(panel).Last(step => step.From <= value).Colour];
        return $"""<section class="stat" style="{place};background:{colour}"><h3>{Text(panel.Title)}</h3><b>{Text(Mapped(panel, value))}</b></section>""";
    }

    private static string Mapped(DashboardPanel panel, double value)
    {
        var mappings = panel.Json["fieldConfig"]!["defaults"]!["mappings"]?.AsArray();
        var mapping = mappings?.FirstOrDefault(map => map!["type"]!.GetValue<string>() == "value");
        return mapping?["options"]?[Number(value)]?["text"]?.GetValue<string>() ?? Number(value);
    }

    private static string Table(DashboardPanel panel)
    {
        var rows = panel.Answers.SelectMany(answer => answer.Series).ToList();
        var columns = rows.SelectMany(row => row.Labels.Keys).Distinct().OrderBy(label => Order(panel, label)).ToList();
        return "<table><tr>"
            + string.Concat(columns.Select(column => $"<th>{Text(column)}"))
            + string.Concat(rows.Select(row => "<tr>" + string.Concat(columns.Select(column => $"<td>{Cell(row, column)}"))))
            + "</table>";
    }

    private static string Cell(DashboardSeries row, string column) => Text(row.Labels.GetValueOrDefault(column, ""));

    private static int Order(DashboardPanel panel, string label) =>
        panel
            .Json["transformations"]!.AsArray()
            .Select(transformation => transformation!["options"]?["indexByName"]?[label]?.GetValue<int>())
            .FirstOrDefault(index => index is not null) ?? int.MaxValue;

    private static string Bars(DashboardPanel panel)
    {
        var series = panel.Answers[0].Series;
        var most = series.Max(bar => bar.Last);
        return string.Concat(
            series.Select(bar =>
                $"""<p style="margin:6px 0">{Text(bar.Name)}<br><span class="bar" style="width:{Number(80 * bar.Last / most)}%"></span>{Number(bar.Last)}</p>"""
            )
        );
    }

    private static string Legend(DashboardPanel panel) =>
        "<p class=\"legend\" style=\"margin:2px 0\">"
        + string.Concat(
            All(panel).Select((series, index) => $"""<span><i style="background:{palette[index % palette.Length]}"></i>{Text(series.Name)}</span>""")
        )
        + "</p>";

    private static List<DashboardSeries> All(DashboardPanel panel) => [.. panel.Answers.SelectMany(answer => answer.Series)];

    private static string Chart(DashboardPanel panel, int width, int height)
    {
        var custom = panel.Json["fieldConfig"]!["defaults"]!["custom"]!;
        var drawn = custom["stacking"]!["mode"]!.GetValue<string>() == "normal" ? Stacked(All(panel)) : All(panel);
        var points = drawn.SelectMany(series => series.Points).Where(point => double.IsFinite(point.Value)).ToList();
        var lines = custom["thresholdsStyle"] is null ? [] : Steps(panel).Select(step => step.From).Where(double.IsFinite).ToList();
        var (begin, end) = (points.Min(point => point.Time), points.Max(point => point.Time) + 1);
        var bottom = Math.Min(0, points.Min(point => point.Value));
        var top = Math.Max(points.Max(point => point.Value) * 1.1, bottom + 0.001);
        double X(double time) => 50 + ((width - 60) * (time - begin) / (end - begin));
        double Y(double value) => height - 14 - ((height - 20) * (value - bottom) / (top - bottom));

        var svg = new StringBuilder($"""<svg width="{width}" height="{height}">""");
        foreach (var share in new[] { 0, 0.5, 1 })
        {
            var value = bottom + ((top - bottom) * share);
            svg.Append(CultureInfo.InvariantCulture, $"""<line x1="50" x2="{width - 10}" y1="{Y(value):0.0}" y2="{Y(value):0.0}" stroke="#e5e8eb"/>""")
                .Append(CultureInfo.InvariantCulture, $"""<text x="46" y="{Y(value) + 3:0.0}" text-anchor="end">{Text(WithUnit(panel, value))}</text>""");
        }

        foreach (var line in lines.Where(line => line > bottom && line < top))
        {
            svg.Append(CultureInfo.InvariantCulture, $"""<line x1="50" x2="{width - 10}" y1="{Y(line):0.0}" y2="{Y(line):0.0}" stroke="#c4302b" stroke-dasharray="4"/>""");
        }

        foreach (var (series, index) in drawn.Select((series, index) => (series, index)))
        {
            foreach (var run in Runs(series.Points))
            {
                var path = string.Join(
                    ' ',
                    run.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.Time):0.0},{Y(point.Value):0.0}"))
                );
                svg.Append(CultureInfo.InvariantCulture, $"""<polyline fill="none" stroke-width="1.5" stroke="{palette[index % palette.Length]}" points="{path}"/>""");
            }
        }

        foreach (var time in new[] { begin, (begin + end) / 2 })
        {
            var clock = DateTimeOffset.FromUnixTimeSeconds((long)time).ToString("HH:mm:ss", CultureInfo.InvariantCulture);
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{X(time):0.0}" y="{height - 1}">{clock}</text>""");
        }

        return svg.Append("</svg>").ToString();
    }

    // What lies on top of what is below it.
    private static List<DashboardSeries> Stacked(List<DashboardSeries> series)
    {
        var below = new Dictionary<double, double>();
        return
        [
            .. series.Select(layer => layer with { Points = [.. layer.Points.Select(point => (point.Time, Raised(point)))] }),
        ];

        double Raised((double Time, double Value) point) =>
            below[point.Time] = below.GetValueOrDefault(point.Time) + point.Value;
    }

    // A line is not drawn through a time without data.
    private static IEnumerable<List<(double Time, double Value)>> Runs(IReadOnlyList<(double Time, double Value)> points)
    {
        var run = new List<(double Time, double Value)>();
        foreach (var point in points)
        {
            if (run.Count > 0 && (!double.IsFinite(point.Value) || point.Time - run[^1].Time > 5))
            {
                yield return run;
                run = [];
            }

            if (double.IsFinite(point.Value))
            {
                run.Add(point);
            }
        }

        yield return run;
    }

    private static string WithUnit(DashboardPanel panel, double value) =>
        panel.Json["fieldConfig"]!["defaults"]!["unit"]!.GetValue<string>() switch
        {
            "s" when Math.Abs(value) is < 1 and > 0 => $"{Number(value * 1000)} ms",
            "s" => $"{Number(value)} s",
            "bytes" => $"{Number(value / 1024 / 1024)} MiB",
            "cpm" => $"{Number(value)}/min",
            _ => Number(value),
        };

    private static IEnumerable<(double From, string Colour)> Steps(DashboardPanel panel) =>
        panel.Json["fieldConfig"]!["defaults"]!["thresholds"]!["steps"]!
            .AsArray()
            .Select(step => (step!["value"]?.GetValue<double>() ?? double.NegativeInfinity, step["color"]!.GetValue<string>()));

    private static int At(DashboardPanel panel, string member) => panel.Json["gridPos"]![member]!.GetValue<int>();

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
