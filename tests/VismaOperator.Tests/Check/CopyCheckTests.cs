using Microsoft.Extensions.Time.Testing;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;
using VismaOperator.Manifests;

namespace VismaOperator.Tests.Check;

/// <summary>Copies that cannot work by what the files declare.</summary>
public sealed class CopyCheckTests
{
    private const string Client = """
        apiVersion: visma-operator.io/v1
        kind: OAuthClient
        metadata: {name: c, namespace: sales}
        spec: {clientID: a, clientSecrets: [{secretKeyRef: {name: s, key: k}}]}

        """;

    private const string Accepting = "apiVersion: v1\nkind: Namespace\n"
        + "metadata: {name: reports, labels: {visma-operator.io/accept-tokens-from: sales}}\n";

    [Fact]
    public void A_copy_into_a_namespace_that_accepts_it_is_fine() =>
        Assert.DoesNotContain(Check(Accepting, Copying("a", "reports")), finding => finding.Path?.Contains("copies") == true);

    [Theory]
    [InlineData("", "its owner adds the label")]
    [InlineData(", labels: {visma-operator.io/accept-tokens-from: others}", "it accepts those of others only")]
    public void A_namespace_that_is_declared_without_the_label_is_an_error(string labels, string says)
    {
        var target = $"apiVersion: v1\nkind: Namespace\nmetadata: {{name: reports{labels}}}\n";

        var finding = Assert.Single(Check(target, Copying("a", "reports")), found => found.Reason == "NamespaceNotAccepting");

        Assert.Contains(says, finding.Message, StringComparison.Ordinal);
        Assert.Equal((Severity.Error, "spec.secret.copies[0].namespace"), (finding.Severity, finding.Path));
        Assert.Contains("visma-operator.io/accept-tokens-from: sales", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_namespace_that_is_not_among_the_files_is_not_judged() =>
        Assert.Equal(
            Severity.Info,
            Assert.Single(Check(Copying("a", "reports")), found => found.Reason == "NamespaceNotAccepting").Severity
        );

    [Fact]
    public void A_copy_in_the_connections_own_namespace_is_an_error() =>
        Assert.Equal(Severity.Error, Assert.Single(Check(Copying("a", "sales")), found => found.Reason == "CopyNotAllowed").Severity);

    [Fact]
    public void A_name_that_somebody_else_has_is_an_error()
    {
        const string Secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: token, namespace: reports}\n";
        var ofTheirs = Client
            .Replace("sales", "reports", StringComparison.Ordinal)
            .Replace("name: s,", "name: token,", StringComparison.Ordinal);
        var copying = Copying("a", "reports");

        Assert.Contains("declare Secret reports/token", Claim(Accepting, copying, Secret), StringComparison.Ordinal);
        Assert.Contains("OAuthClient reports/c", Claim(Accepting, copying, ofTheirs), StringComparison.Ordinal);
        Assert.Contains("VismaConnection sales/a", Claim(Accepting, copying, Copying("b", "reports")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_preset_whose_key_a_template_has_too_is_an_error() =>
        Assert.Contains(
            Check(Connection("a", "presets: [curl], template: {data: {curl: x}}")),
            finding => finding is { Severity: Severity.Error, Path: "spec.secret.presets" }
        );

    private static string Claim(params string[] documents) =>
        Assert.Single(Check(documents), finding => finding.Reason == "SecretNotOwned").Message;

    private static string Copying(string name, string target) => Connection(name, $"copies: [{{namespace: {target}, name: token}}]");

    private static string Connection(string name, string secret) => $$"""
        apiVersion: visma-operator.io/v1
        kind: VismaConnection
        metadata: {name: {{name}}, namespace: sales}
        spec: {oauthClientRef: {name: c}, scopes: ['a:b'], secret: { {{secret}} } }

        """;

    private static IReadOnlyList<CheckFinding> Check(params string[] documents) =>
        ManifestCheck
            .Check(
                ManifestReader.ReadText("f.yaml", string.Join("---\n", [Client, .. documents])),
                new AllowLists(),
                new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero))
            )
            .Findings;
}
