using System.Reflection;
using VismaOperator.Grants;

namespace VismaOperator.Tests.Behaviour;

public sealed class GrantKeysTests
{
    [Fact]
    public void Every_key_belongs_either_to_the_grant_or_to_the_rest()
    {
        var keys = typeof(GrantKeys)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral)
            .Select(field => (string)field.GetRawConstantValue()!)
            .ToList();

        // Of the second attempt and each further one, too.
        var all = keys.Concat(
            keys.Where(key => key.StartsWith("attempt_", StringComparison.Ordinal))
                .SelectMany(key => Enumerable.Range(2, ConsentAttempt.MaxOpen - 1).Select(slot => $"{key}_{slot}"))
        );
        Assert.Equal(all.Order(StringComparer.Ordinal), GrantKeys.All.Order(StringComparer.Ordinal));
        Assert.Empty(GrantKeys.OfTheGrant.Intersect(GrantKeys.OfTheRest));
    }
}
