using System.Reflection;
using System.Text.RegularExpressions;
using Lifecycle;
using VismaOperator.Clients;
using VismaOperator.Connections;
using VismaOperator.Grants;
using VismaOperator.Hosting;
using VismaOperator.Sets;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Structure;

/// <summary>docs/reference/metrics.md beside the code. What the operator serves is compared with it in the integration tests.</summary>
public sealed partial class MetricsReferenceTests
{
    // Copies have a condition of their own, which never touches Ready.
    private static readonly string[] reasonsOfCopies =
    [
        Reason.NamespaceTerminating,
        Reason.NamespaceNotAccepting,
        Reason.CopyNotAllowed,
    ];

    private static readonly string page = File.ReadAllText(Repository.Path("docs", "reference", "metrics.md"));

    [Fact]
    public void Every_value_of_a_label_that_comes_from_a_closed_set_is_explained()
    {
        Assert.Equal(
            ProviderMetrics.Outcomes.Order(StringComparer.Ordinal),
            Explained("visma_operator_token_requests_total", "issuer", "outcome")
        );
        Assert.Equal(
            Enum.GetNames<RefreshCause>().Append("failed").Append("stored").Order(StringComparer.Ordinal),
            Explained("visma_operator_token_refreshes_total", "cause", "result")
        );
        Assert.Equal(
            Enum.GetNames<ConsentFailureCause>().Concat(["Begun", "Granted", "StoredSoon"]).Order(StringComparer.Ordinal),
            Explained("visma_operator_consents_total", "outcome", "--public-url")
        );
        Assert.Equal(ProbeOutcome.Labels.Order(StringComparer.Ordinal), Explained("visma_operator_probes_total", "host", "outcome"));
    }

    [Fact]
    public void Every_gauge_that_names_objects_is_explained_and_no_other()
    {
        var served = ConnectionSeries.Over(() => [], _ => 0)
            .Concat(ClientSeries.Over(() => []))
            .Concat(SetSeries.Over(() => []))
            .Select(gauge => gauge.Name);
        var section = page.Split("\n## ").Single(part => part.StartsWith("Each connection", StringComparison.Ordinal));

        Assert.Equal(served, Rows(section).Select(row => row.Groups["name"].Value));
    }

    [Fact]
    public void Every_failure_can_be_counted_from_the_start()
    {
        var reasons = typeof(Reason).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetValue(null)!);

        Assert.Empty(ReadyReasons.WhenFalse.Concat(ReadyReasons.WhenTrue).Except(reasons));
        Assert.Empty(
            reasons
                .Except(ReasonTests.NoFailures)
                .Except(ReasonTests.OfSets)
                .Except(ReadyReasons.WhenFalse)
                .Except(ReasonsOfProbes())
                .Except(reasonsOfCopies)
                .Except(ofRestarts)
        );
    }

    [Theory]
    [InlineData("0.1.0+9a8c15f", "0.1.0", "9a8c15f")]
    [InlineData("0.1.0", "0.1.0", "")]
    public void Version_and_commit_are_labels_of_their_own(string text, string version, string revision) =>
        Assert.Equal((version, revision), OperatorMetrics.VersionAndRevision(text));

    // A restart has a condition of its own, and never touches Ready.
    private static readonly string[] ofRestarts =
    [
        Reason.WorkloadNotFound,
        Reason.WorkloadPaused,
        Reason.RestartForbidden,
        Reason.RestartRefused,
    ];

    // A probe has a condition of its own, and never touches Ready.
    private static IEnumerable<string> ReasonsOfProbes() =>
        ProbeReason()
            .Matches(File.ReadAllText(Repository.Path("docs", "reference", "conditions.md")))
            .Select(row => row.Groups["reason"].Value);

    private static IEnumerable<string> Explained(string metric, params string[] others)
    {
        var row = Rows(page).Single(row => row.Groups["name"].Value == metric);
        var words = Word().Matches(row.Groups["rest"].Value).Select(match => match.Groups["word"].Value);
        return words.Except(others).Order(StringComparer.Ordinal);
    }

    private static IEnumerable<Match> Rows(string text) => Row().Matches(text);

    [GeneratedRegex(@"^\| `(?<name>[a-z_]+)` \|(?<rest>.*)$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^\| `(?<reason>[A-Za-z]+)` \|[^|]*\| a probe ", RegexOptions.Multiline)]
    private static partial Regex ProbeReason();

    [GeneratedRegex("`(?<word>[^`]+)`")]
    private static partial Regex Word();
}
