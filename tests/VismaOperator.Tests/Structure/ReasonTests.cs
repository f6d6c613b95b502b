using System.Reflection;
using Lifecycle;
using VismaOperator.Cli.Check;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Structure;

/// <summary>Every reason that a user can meet is explained, and nothing is explained that nobody can meet.</summary>
public sealed class ReasonTests
{
    // They say how it stands or what is to come; what is in the way, where anything is, stands beside them.
    private static readonly string[] noFailures =
    [
        Reason.TokenValid,
        Reason.Renewed,
        Reason.LifetimeTooShort,
        Reason.TokenExpired,
        Reason.TokenPending,
        Reason.Suspended,
        Reason.AllGranted,
        Reason.ScopesMissing,
        Reason.ClientUsable,
        Reason.SecretAccepted,
        Reason.NotTried,
        Reason.SecretExpiresSoon,
        Reason.NoSecretExpiresSoon,
        Reason.ConsentGranted,
        Reason.ConsentExpiresSoon,
        Reason.NoConsentExpiresSoon,
        Reason.LiteralReference,
        Reason.NamespaceNotServed,
        Reason.NamespaceServed,
        Reason.SecretsRemoved,
        Reason.ClockSkewed,
    ];

    [Fact]
    public void Reasons_of_check_are_not_reasons_of_the_operator()
    {
        var ofTheOperator = Reasons(typeof(Reason));
        var ofCheck = Reasons(typeof(CheckReasons));
        var page = File.ReadAllLines(Repository.Path("docs", "reference", "check.md"));
        var explained = page.SkipWhile(line => line != "| reason | severity | meaning |").Skip(2).TakeWhile(line => line.StartsWith('|'))
            .SelectMany(line => line.Split('|')[1].Split('`').Where((_, index) => index % 2 == 1)).ToList();

        Assert.Empty(ofCheck.Intersect(ofTheOperator));
        Assert.Empty(ofCheck.Except(explained));
        Assert.Empty(explained.Except(ofCheck).Except(ofTheOperator));
    }

    [Fact]
    public void Every_reason_is_in_the_reference_once() =>
        Assert.Equal(Reasons(typeof(Reason)).Order(StringComparer.Ordinal), Rows().Select(row => row.Reason).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_failure_has_the_kind_there_that_the_operator_treats_it_by()
    {
        var kinds = new Dictionary<string, FailureKind>(StringComparer.Ordinal)
        {
            ["passes by itself"] = FailureKind.Transient,
            ["not there yet"] = FailureKind.NotThereYet,
            ["needs a consent"] = FailureKind.NeedsConsent,
            ["needs a person"] = FailureKind.NeedsPerson,
        };
        var words = Rows().ToDictionary(row => row.Reason, row => row.Kind, StringComparer.Ordinal);

        var explained = words.Where(word => kinds.ContainsKey(word.Value)).Select(word => (word.Key, kinds[word.Value]));

        Assert.Equal(
            Reasons(typeof(Reason)).Except(noFailures, StringComparer.Ordinal).Select(reason => (reason, FailureKinds.Of(reason))).Order(),
            explained.Order());
    }

    private static IEnumerable<(string Reason, string Kind)> Rows() =>
        from line in File.ReadAllLines(Repository.Path("docs", "reference", "conditions.md"))
            .SkipWhile(line => line != "| reason | kind | meaning and remedy |")
            .Skip(2)
        let cells = line.Split('|')
        where cells.Length > 3
        select (cells[1].Trim(' ', '`'), cells[2].Trim());

    private static IReadOnlyList<string> Reasons(Type type) =>
        [
            .. type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)
                .Select(field => (string)field.GetRawConstantValue()!),
        ];
}
