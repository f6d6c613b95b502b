using System.Globalization;
using System.Text.RegularExpressions;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Dashboard;

/// <summary>What is written and drawn can be told from its ground, by day and at night (WCAG 2.2, 1.4.3 and 1.4.11, level AA).</summary>
public sealed partial class DashboardStyleTests
{
    private const double OfText = 4.5;
    private const double OfShapes = 3;

    private static readonly string[] texts = ["text", "quiet", "accent", "red", "orange", "yellow", "green", "grey"];
    private static readonly string[] grounds = ["ground", "card"];
    private static readonly string[] shapes = ["red-fill", "orange-fill", "yellow-fill", "green-fill", "grey-fill"];

    private static readonly string style = File.ReadAllText(
        Repository.Path("operator", "VismaOperator", "Cli", "Dashboard", "Page", "dashboard.css")
    );

    [Theory]
    [InlineData("day")]
    [InlineData("night")]
    public void Words_and_shapes_have_enough_contrast(string time)
    {
        var colours = time == "day" ? Colours(0) : Colours(1);

        Assert.All(
            from text in texts from ground in grounds select (text, ground),
            pair => Assert.True(Ratio(colours[pair.text], colours[pair.ground]) >= OfText, $"{pair}")
        );
        Assert.True(Ratio(colours["text"], colours["flash"]) >= OfText);
        Assert.All(shapes, shape => Assert.True(Ratio(colours[shape], colours["card"]) >= OfShapes, shape));
    }

    [Fact]
    public void Every_colour_is_one_of_those()
    {
        var used = Use().Matches(style).Select(match => match.Groups["name"].Value).Distinct().Order(StringComparer.Ordinal);

        Assert.Equal([.. Colours(0).Keys.Concat(["state", "fill"]).Order(StringComparer.Ordinal)], used);
        Assert.Equal(Colours(0).Keys.Order(StringComparer.Ordinal), Colours(1).Keys.Order(StringComparer.Ordinal));
    }

    private static Dictionary<string, string> Colours(int block) =>
        Colour().Matches(style.Split(":root")[block + 1].Split('}')[0]).ToDictionary(
            match => match.Groups["name"].Value,
            match => match.Groups["value"].Value
        );

    private static double Ratio(string one, string other)
    {
        var (light, dark) = (Luminance(one), Luminance(other));
        return (Math.Max(light, dark) + 0.05) / (Math.Min(light, dark) + 0.05);
    }

    // WCAG 2.2, relative luminance.
    private static double Luminance(string colour)
    {
        double Part(int at)
        {
            var value = int.Parse(colour.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
            return value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
        }

        return (0.2126 * Part(0)) + (0.7152 * Part(2)) + (0.0722 * Part(4));
    }

    [GeneratedRegex("--(?<name>[a-z-]+): #(?<value>[0-9a-f]{6});", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Colour();

    [GeneratedRegex(@"var\(--(?<name>[a-z-]+)\)", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Use();
}
