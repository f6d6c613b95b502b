namespace OAuth.Tests;

public sealed class ClockReadingTests
{
    private static readonly DateTimeOffset noon = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Is_taken_against_the_middle_of_the_exchange_and_says_how_wrong_it_may_be()
    {
        var reading = ClockReading.Of(noon, noon.AddSeconds(7190), TimeSpan.FromSeconds(21), noon.AddSeconds(7211));

        Assert.Equal(new ClockReading(TimeSpan.FromHours(2), TimeSpan.FromSeconds(11)), reading);
    }

    [Fact]
    public void Says_nothing_without_a_Date() => Assert.Null(ClockReading.Of(date: null, noon, TimeSpan.Zero, noon));

    [Fact]
    public void Is_taken_where_the_clock_moved_by_a_second_at_most()
    {
        Assert.NotNull(ClockReading.Of(noon, noon, TimeSpan.FromSeconds(2), noon.AddSeconds(3)));
        Assert.NotNull(ClockReading.Of(noon, noon, TimeSpan.FromSeconds(2), noon.AddSeconds(1)));
        Assert.Null(ClockReading.Of(noon, noon, TimeSpan.FromSeconds(2), noon.AddSeconds(3).AddTicks(1)));
    }

    [Fact]
    public void Says_nothing_when_the_clock_was_set_during_the_exchange() =>
        Assert.Null(ClockReading.Of(noon, noon.AddHours(2), TimeSpan.FromSeconds(1), noon.AddSeconds(1)));
}
