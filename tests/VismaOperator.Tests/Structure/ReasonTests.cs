using System.Reflection;
using Lifecycle;
using VismaOperator.Checking;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Structure;

/// <summary>Every reason that a user can meet is explained, and nothing is explained that nobody can meet.</summary>
public sealed class ReasonTests
{
    [Fact]
    public void What_check_calls_by_a_name_of_its_own_the_operator_does_not_know()
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
    public void Every_reason_stands_in_the_reference_once()
    {
        var reasons = Reasons(typeof(Reason));
        var page = File.ReadAllLines(Repository.Path("docs", "reference", "conditions.md"));

        var explained = page.Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('`')[1]);

        Assert.Equal(
            reasons.Order(StringComparer.Ordinal),
            explained.Except(["Ready", "Reconciling", "Stalled", "TokenFresh", "ScopesGranted", "Authorized", "ConsentExpiring"], StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    private static IReadOnlyList<string> Reasons(Type type) =>
        [.. type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!)];
}
