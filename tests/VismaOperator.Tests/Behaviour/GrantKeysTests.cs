using System.Reflection;
using VismaOperator.Grants;

namespace VismaOperator.Tests.Behaviour;

public sealed class GrantKeysTests
{
    [Fact]
    public void Every_key_is_either_of_the_grant_or_of_what_stands_beside_it()
    {
        var keys = typeof(GrantKeys).GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!);

        Assert.Equal(keys.Order(StringComparer.Ordinal), GrantKeys.All.Order(StringComparer.Ordinal));
        Assert.Empty(GrantKeys.OfTheGrant.Intersect(GrantKeys.OfTheRest));
    }
}
