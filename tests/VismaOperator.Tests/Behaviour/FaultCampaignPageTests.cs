using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using VismaOperator.FaultCampaign;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// <c>docs/fault-campaign.md</c> is written from the rows that <c>FaultCampaignTests</c> of the integration tests compares with reality.
/// </summary>
public sealed partial class FaultCampaignPageTests
{
    private static readonly string file = Repository.Path("docs", "fault-campaign.md");
    private static readonly Dictionary<string, string> waits = AlertRule()
        .Matches(File.ReadAllText(Repository.Path("charts", "visma-operator", "files", "alerts.yaml")))
        .ToDictionary(match => match.Groups["name"].Value, match => match.Groups["wait"].Value);

    [Fact]
    [Trait("Category", "Docs")]
    public async Task The_page_is_up_to_date()
    {
        var expected = Page();
        if (Environment.GetEnvironmentVariable("WRITE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(file, expected, TestContext.Current.CancellationToken);
            return;
        }

        Assert.True(
            File.Exists(file) && await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken) == expected,
            $"{file} is not what FaultRows says: run `make docs`, look at the difference and commit it."
        );
    }

    [Fact]
    public void Every_empty_cell_says_why_and_no_other_one_does() =>
        Assert.All(
            FaultRows.All,
            row =>
                Assert.All(
                    row.Signs.Columns.Zip(row.Why.Columns),
                    pair => Assert.True(
                        row.Number == 0 || (pair.First.Cell.Count == 0) == (pair.Second.Cell.Count == 1),
                        $"{row.Number}: {pair.First.Column}"
                    )
                )
        );

    [Fact]
    public void Every_cause_is_there_once() => Assert.Equal(Enumerable.Range(0, 25), FaultRows.All.Select(row => row.Number));

    [Fact]
    public void Reasons_and_metrics_are_those_of_the_references()
    {
        var reasons = File.ReadAllText(Repository.Path("docs", "reference", "conditions.md"));
        var metrics = File.ReadAllText(Repository.Path("docs", "reference", "metrics.md"));

        foreach (var signs in FaultRows.All.Select(row => row.Signs))
        {
            Assert.All(
                signs.Conditions.Concat(signs.Events).Select(text => text.Split(' ')[^1]),
                reason => Assert.Contains($"`{reason}`", reasons, StringComparison.Ordinal)
            );
            Assert.All(
                signs.Metrics.Select(text => text.Split('{', ' ')[0]),
                metric => Assert.Contains($"`{metric}`", metrics, StringComparison.Ordinal)
            );
            Assert.All(signs.Alerts, alert => Assert.Contains(alert, waits.Keys));
        }
    }

    private static string Page()
    {
        var page = new StringBuilder(
            """
            # Each fault, and what you see of it

            <!-- Written by `make docs` from FaultRows. -->

            24 faults, made on purpose with a real API server, the real operator, a stand-in of Visma Connect and its ERP API,
            and a real Prometheus that has the alerts of the chart. A test (`FaultCampaignTests`) makes them all and compares
            every cell with what is seen. What to do: [runbook](runbook.md) for alerts,
            [reasons](reference/conditions.md#reasons), [real messages](troubleshooting.md).

            - **Condition**: of the VismaConnection, or of its OAuthClient where that is said. Only what is not as on a good day;
              `Reconciling` is left out.
            - **Event**: type and reason. `kubectl describe` shows them.
            - **Metric**: `visma_operator_connection_problem` and `visma_operator_client_problem` have one series for each condition
              of the row, with its `condition` and `reason`. [All metrics](reference/metrics.md).
            - **Alert**: what fires, and how long it must last before.
            - **`doctor`**: lines of `visma-operator doctor NAME --request` that a healthy connection does not have, with
              their first words. The person who ran it may edit the namespace, see the operator's Pods, and ask what the
              operator may do. What depends on a broken link is skipped and not listed.

            Where the provider gives the same answer for two causes, the rows look alike.

            | | cause | condition | event | metric | alert | `doctor` |
            |---|---|---|---|---|---|---|

            """
        );
        foreach (var row in FaultRows.All.Where(row => row.Number > 0))
        {
            var cells = row.Signs.Columns.Zip(row.Why.Columns, (signs, why) => Cell(signs.Column, signs.Cell, why.Cell));
            page.Append(CultureInfo.InvariantCulture, $"| {row.Number} | {row.Cause} | {string.Join(" | ", cells)} |\n");
            if (row.Later is { } later)
            {
                var after = later.Columns.Select(column => Cell(column.Column, column.Cell, []));
                page.Append(CultureInfo.InvariantCulture, $"| {row.Number} | … after a first token | {string.Join(" | ", after)} |\n");
            }
        }

        page.Append("\n## How each was made\n");
        foreach (var row in FaultRows.All.Where(row => row.Number > 0))
        {
            var made = $"**{row.Number}. {row.Cause}.** {row.Made}{(row.Note is { } note ? $" {note}" : string.Empty)}";
            page.Append('\n').Append(made.Wrapped()).Append('\n');
        }

        return page.ToString().ReplaceLineEndings("\n");
    }

    private static string Cell(string column, IReadOnlyList<string> signs, IReadOnlyList<string> why) =>
        signs.Count == 0 ? $"none: {why[0]}"
        : column == "condition" ? string.Join("<br>", signs.GroupBy(sign => sign.Split(' ')[^1]).Select(Conditions))
        : column == "alert" ? string.Join("<br>", signs.Select(Alert))
        : column == "doctor" ? string.Join("<br>", signs.Select(sign => sign.Replace("|", "\\|", StringComparison.Ordinal)))
        : string.Join("<br>", signs.Select(sign => $"`{sign}`"));

    private static string Alert(string name) => $"[{name}](runbook.md#{name.ToLowerInvariant()}) after {waits[name]}";

    private static string Conditions(IGrouping<string, string> ofReason) =>
        $"{string.Join(", ", ofReason.Select(sign => $"`{sign[..sign.LastIndexOf(' ')]}`"))}: `{ofReason.Key}`";

    [GeneratedRegex(
        "- alert: (?<name>[A-Za-z]+)\n.*?\n +for: (?<wait>[0-9a-z]+)\n",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        60_000
    )]
    private static partial Regex AlertRule();
}
