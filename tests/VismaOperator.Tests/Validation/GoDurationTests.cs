using CsCheck;
using VismaOperator.Api;

namespace VismaOperator.Tests.Validation;

public sealed class GoDurationTests
{
    [Theory]
    [InlineData("10m", 600_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("90s", 90_000)]
    [InlineData("1h1m1s1ms", 3_661_001)]
    [InlineData("0s", 0)]
    public void Reads_what_go_writes(string text, long milliseconds)
    {
        Assert.True(GoDuration.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("1d")]
    [InlineData("m")]
    [InlineData("1m1h")]
    [InlineData("1m1m")]
    [InlineData("-1m")]
    [InlineData("1.5h")]
    [InlineData("1M")]
    [InlineData("1mm")]
    [InlineData(" 1m")]
    [InlineData("1m\n")]
    [InlineData("1234567h")]
    [InlineData("\u0661m")]
    public void Refuses_everything_else(string? text) => Assert.False(GoDuration.TryParse(text, out _));

    [Fact]
    public void A_written_value_is_read_back_unchanged() =>
        Gen.Long[0, 86_400_000]
            .Sample(milliseconds =>
                GoDuration.TryParse(GoDuration.Format(TimeSpan.FromMilliseconds(milliseconds)), out var read)
                && read.TotalMilliseconds == milliseconds
            );
}
