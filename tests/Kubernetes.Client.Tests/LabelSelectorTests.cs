using CsCheck;
using Kubernetes.Client.Resources;
using Xunit;

namespace Kubernetes.Client.Tests;

public sealed class LabelSelectorTests
{
    private static readonly Dictionary<string, string> labels = new() { ["tier"] = "gold", ["example.com/zone"] = "north" };

    [Theory]
    [InlineData(null, true)]
    [InlineData("", true)]
    [InlineData("tier=gold", true)]
    [InlineData("tier = gold , example.com/zone == north", true)]
    [InlineData("tier=gold,example.com/zone=south", false)]
    [InlineData("tier!=gold", false)]
    [InlineData("absent!=gold", true)]
    [InlineData("tier in (gold,silver)", true)]
    [InlineData("tier in (silver)", false)]
    [InlineData("tier notin (silver),!absent", true)]
    [InlineData("absent notin (gold)", true)]
    [InlineData("example.com/zone", true)]
    [InlineData("absent", false)]
    [InlineData("!tier", false)]
    public void Requirements_hold_as_on_the_real_server(string? selector, bool expected) =>
        Assert.Equal(expected, LabelSelector.Parse(selector).Matches(labels));

    [Theory]
    [InlineData("tier in gold")]
    [InlineData("tier within (gold)")]
    [InlineData("tier=gold,,zone=north")]
    [InlineData("=gold")]
    [InlineData("(gold)")]
    public void An_invalid_selector_is_refused_by_name(string selector) =>
        Assert.Contains(
            "label requirement",
            Assert.Throws<FormatException>(() => LabelSelector.Parse(selector)).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Any_text_is_read_or_refused_and_nothing_else() => Gen.String.Sample(text =>
    {
        try
        {
            LabelSelector.Parse(text).Matches(labels);
        }
        catch (FormatException)
        {
            // Refused: that is the other allowed outcome.
        }
    });
}
