using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using VismaOperator.FaultCampaign;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Campaign;

/// <summary>What can be seen of all causes at one moment: objects, events, metrics and alerts.</summary>
internal sealed partial class FaultSight
{
    /// <summary>The label <c>cluster</c> of the operator of the stage.</summary>
    public const string Cluster = "campaign";

    private static readonly string[] badWhenTrue = ["Stalled", "ConsentExpiring", "SecretExpiring"];

    private readonly List<JsonNode> objects = [];
    private readonly List<JsonNode> events = [];
    private IReadOnlyList<Sample> samples = [];
    private IReadOnlyList<IReadOnlyDictionary<string, string>> alerts = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<FaultSight> LookAsync(FaultStage stage, ScrapedTargets targets)
    {
        var sight = new FaultSight();
        foreach (var ns in stage.Namespaces)
        {
            await sight.ReadAsync(stage.Scene.Admin, ns);
        }

        sight.samples = SamplesOf((await MetricsPage.ReadAsync(stage.Scene.Operator, Ct)).Text);
        sight.alerts = [.. (await targets.FiringAsync(Ct)).Where(alert => alert.GetValueOrDefault("cluster") == Cluster)];
        return sight;
    }

    /// <summary>The signs of one cause, without those of <c>doctor</c>.</summary>
    public FaultSigns Of(FaultCase subject)
    {
        var conditions = ConditionsOf(subject).ToList();
        return new FaultSigns
        {
            Conditions = [.. conditions.Select(condition => condition.Text)],
            Events = [.. EventsOf(subject)],
            Metrics = [.. ProblemSeriesOf(subject, conditions), .. CountsOf(subject)],
            Alerts = [.. AlertsOf(subject)],
        };
    }

    /// <summary>What the connection says of itself, for people who look why a row differs.</summary>
    public string? SaidBy(FaultCase subject) =>
        objects
            .Where(found => (string?)found["kind"] == "VismaConnection" && (string?)found["metadata"]!["name"] == subject.Setup.Name)
            .Select(found => found.Condition("Ready")?.Message)
            .FirstOrDefault();

    /// <summary>The samples of a page of metrics.</summary>
    public static IReadOnlyList<Sample> SamplesOf(string page) =>
        [
            .. SampleLine()
                .Matches(page)
                .Select(match => new Sample(
                    match.Groups["name"].Value,
                    LabelPair()
                        .Matches(match.Groups["labels"].Value)
                        .ToDictionary(label => label.Groups["name"].Value, label => label.Groups["value"].Value),
                    double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture)
                )),
        ];

    private async Task ReadAsync(ApiClient admin, TestNamespace ns)
    {
        foreach (var (plural, kind) in new[] { ("vismaconnections", "VismaConnection"), ("oauthclients", "OAuthClient") })
        {
            foreach (var item in (await admin.GetAsync(ns.Of(The.Group, plural), Ct))["items"]!.AsArray())
            {
                item!["kind"] = kind;
                objects.Add(item);
            }
        }

        events.AddRange((await admin.GetAsync(ns.Of("events.k8s.io/v1", "events"), Ct))["items"]!.AsArray().Select(one => one!));
    }

    private IEnumerable<BadCondition> ConditionsOf(FaultCase subject) =>
        OfKind(subject, "VismaConnection", subject.Home).Concat(OfKind(subject, "OAuthClient", subject.ClientHome));

    private IEnumerable<BadCondition> OfKind(FaultCase subject, string kind, TestNamespace ns) =>
        from found in objects
        where (string?)found["kind"] == kind
            && (string?)found["metadata"]!["name"] == subject.Setup.Name
            && (string?)found["metadata"]!["namespace"] == ns.Name
        from condition in found["status"]?["conditions"]?.AsArray() ?? []
        let bad = new BadCondition(
            kind,
            (string)condition!["type"]!,
            (string)condition["status"]!,
            (string)condition["reason"]!
        )
        where bad.IsTold
        orderby bad.Type == "Ready" ? 0 : 1, bad.Type
        select bad;

    private IEnumerable<string> EventsOf(FaultCase subject) =>
        events
            .Where(one =>
                IsAbout(one["regarding"]!, "VismaConnection", subject.Home, subject.Setup.Name)
                || IsAbout(one["regarding"]!, "OAuthClient", subject.ClientHome, subject.Setup.Name)
            )
            .Where(one => (string?)one["reason"] != "AwaitingConsent") // before the cause is made, and only where the person is slow
            .Select(one => $"{Prefix((string)one["regarding"]!["kind"]!)}{one["type"]} {one["reason"]}")
            .Distinct()
            .Order(StringComparer.Ordinal);

    // Each condition that is told has its series, and no other has one: then the name of the metric says it all.
    private IEnumerable<string> ProblemSeriesOf(FaultCase subject, List<BadCondition> conditions) =>
        new[] { ("VismaConnection", "connection", subject.Home), ("OAuthClient", "client", subject.ClientHome) }.SelectMany(
            of => ProblemSeriesOf(subject, of, conditions.Where(condition => condition.Kind == of.Item1))
        );

    private IEnumerable<string> ProblemSeriesOf(
        FaultCase subject,
        (string Kind, string Word, TestNamespace Home) of,
        IEnumerable<BadCondition> conditions
    )
    {
        var metric = $"visma_operator_{of.Word}_problem";
        var series = samples
            .Where(sample => sample.Name == metric && sample.Is("name", subject.Setup.Name) && sample.Is("namespace", of.Home.Name))
            .Select(sample => $"{sample.Labels["condition"]} {sample.Labels["reason"]}")
            .Order(StringComparer.Ordinal)
            .ToList();
        var told = conditions.Select(condition => $"{condition.Type} {condition.Reason}").Order(StringComparer.Ordinal);
        return series.Count == 0 ? []
            : series.SequenceEqual(told) ? [metric]
            : series.Select(one => $"{metric}: {one}");
    }

    private IEnumerable<string> CountsOf(FaultCase subject) =>
        samples
            .Where(sample =>
                sample.Name switch
                {
                    "visma_operator_token_requests_total" =>
                        sample.Is("issuer", subject.Issuer) && sample.Labels["outcome"] != "granted" && sample.Value > 0,
                    "visma_operator_probes_total" =>
                        sample.Is("host", subject.Authority) && sample.Labels["outcome"] != "accepted" && sample.Value > 0,
                    _ => false,
                }
            )
            .Select(sample => $"{sample.Name}{{outcome=\"{sample.Labels["outcome"]}\"}}")
            .Concat(
                samples
                    .Where(sample =>
                        sample.Is("issuer", subject.Issuer)
                        && sample.Name switch
                        {
                            "visma_operator_clock_skew_seconds" => Math.Abs(sample.Value) > 60,
                            "visma_operator_issuer_paused_until_timestamp_seconds" => sample.Value > 0,
                            _ => false,
                        }
                    )
                    .Select(sample => sample.Name)
            );

    // What is neither of an object nor of an issuer would be told of nobody: it is expected nowhere, not of the one that is well either.
    private IEnumerable<string> AlertsOf(FaultCase subject) =>
        alerts
            .Where(alert =>
                alert.TryGetValue("name", out var name)
                    ? name == subject.Setup.Name && new[] { subject.Home.Name, subject.ClientHome.Name }.Contains(alert["namespace"])
                : alert.TryGetValue("issuer", out var issuer) ? issuer == subject.Issuer
                : subject.Setup.Number == 0
            )
            .Select(alert => alert["alertname"])
            .Distinct()
            .Order(StringComparer.Ordinal);

    private static bool IsAbout(JsonNode regarding, string kind, TestNamespace ns, string name) =>
        (string?)regarding["kind"] == kind && (string?)regarding["namespace"] == ns.Name && (string?)regarding["name"] == name;

    private static string Prefix(string kind) => kind == "VismaConnection" ? string.Empty : $"{kind} ";

    [GeneratedRegex(
        "^(?<name>[a-z_]+)(\\{(?<labels>.*)\\})? (?<value>[^ \n]+)( [0-9]+)?$",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture
    )]
    private static partial Regex SampleLine();

    [GeneratedRegex("(?<name>[a-z_]+)=\"(?<value>[^\"]*)\"")]
    private static partial Regex LabelPair();

    private sealed record BadCondition(string Kind, string Type, string Status, string Reason)
    {
        public string Text => $"{Prefix(Kind)}{Type}={Status} {Reason}";

        // Reconciling is no problem of its own: it says that what Ready says is tried again.
        public bool IsTold =>
            badWhenTrue.Contains(Type) ? Status == "True"
            : Type != "Reconciling" && Status == "False";
    }
}

/// <summary>One line of a page of metrics.</summary>
internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    public bool Is(string label, string value) => Labels.GetValueOrDefault(label) == value;
}
