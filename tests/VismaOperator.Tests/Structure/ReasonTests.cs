using System.Reflection;
using Lifecycle;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Structure;

/// <summary>Every reason that a user can meet is explained, and nothing is explained that nobody can meet.</summary>
public sealed class ReasonTests
{
    [Fact]
    public void Every_reason_stands_in_the_reference_once()
    {
        var reasons = typeof(Reason).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!);
        var page = File.ReadAllLines(Repository.Path("docs", "reference", "conditions.md"));

        var explained = page.Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('`')[1]);

        Assert.Equal(
            reasons.Order(StringComparer.Ordinal),
            explained.Except(["Ready", "Reconciling", "Stalled", "TokenFresh", "ScopesGranted", "Authorized", "ConsentExpiring"], StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }
}
