using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests;

/// <summary>
/// What the chart renders for each set of values in <c>values/</c> is in <c>golden/</c>, so that a change of the chart is read as a change
/// of the objects. <c>WRITE_GOLDEN=1</c> writes them again. The definitions are left out: they have tests of their own.
/// </summary>
public sealed class GoldenTests
{
    private static string Folder { get; } = RepositoryFolder.PathOf("tests/VismaOperator.ChartTests");

    public static TheoryData<string, string> Sets()
    {
        var data = new TheoryData<string, string>();
        foreach (var (name, helm) in Names().SelectMany(name => Tool.Helms.Select(helm => (name.Data, helm))))
        {
            data.Add(name, helm);
        }

        return data;
    }

    /// <summary>The sets of values, which are also the names of the golden files.</summary>
    public static TheoryData<string> Names() =>
        [
            .. Directory
                .GetFiles(Path.Combine(Folder, "values"), "*.yaml")
                .Select(Path.GetFileNameWithoutExtension)
                .OfType<string>()
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [MemberData(nameof(Sets))]
    public async Task Values_render_as_written_down(string values, string helm)
    {
        var golden = Path.Combine(Folder, "golden", values + ".yaml");
        var rendered = await Tool.HelmNamed(helm)
            .RunAsync(
                "template",
                Chart.Release,
                Chart.Folder,
                "--namespace",
                "visma-system",
                "--values",
                Path.Combine(Folder, "values", values + ".yaml"),
                "--set",
                "crds.enabled=false"
            );

        if (Environment.GetEnvironmentVariable("WRITE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(golden, rendered, TestContext.Current.CancellationToken);
        }

        Assert.True(File.Exists(golden), $"There is no {golden}: run these tests once with WRITE_GOLDEN=1 and read what it wrote.");
        Assert.Equal(await File.ReadAllTextAsync(golden, TestContext.Current.CancellationToken), rendered);
    }

    [Theory]
    [InlineData("helm4")]
    [InlineData("helm3")]
    public async Task Helm_finds_nothing_to_complain_about(string helm)
    {
        var output = await Tool.HelmNamed(helm).RunAsync("lint", "--strict", Chart.Folder);

        Assert.Contains("0 chart(s) failed", output, StringComparison.Ordinal);
    }
}
