using Xunit;

namespace Lifecycle.Tests;

public sealed class SpreadTests
{
    [Fact]
    public void A_number_belongs_to_its_identity_for_good()
    {
        // Written down: another number after an upgrade would renew everything at once.
        Assert.Equal(0.784725451754, Spread.Of("0b4f7a52-6d3c-4a35-9a39-0d1f3a6c2f10"), 1e-9);
        Assert.Equal(0.936769448390, Spread.Of(string.Empty), 1e-9);
    }

    [Fact]
    public void Close_names_give_numbers_all_over_the_range()
    {
        var numbers = Enumerable.Range(0, 10_000).Select(n => Spread.Of($"connection-{n}")).ToList();

        Assert.All(numbers, number => Assert.InRange(number, 0, 0.999_999_999_999_999_9));
        Assert.All(numbers.CountBy(number => (int)(number * 10)), decile => Assert.InRange(decile.Value, 900, 1_100));
        Assert.Equal(10_000, numbers.Distinct().Count());
    }
}
