using System.Diagnostics;
using System.Text.Json;
using System.Xml.Linq;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Structure;

/// <summary>
/// What MSBuild makes of all files of a project together, in configuration Release: of each project of the operator as it is built, and of
/// the operator as each profile publishes it. One process of MSBuild answers for all of them.
/// </summary>
public sealed class ProjectProperties : IAsyncLifetime
{
    private static readonly TimeSpan patience = TimeSpan.FromMinutes(2);

    private static readonly string[] properties =
    [
        "PublishAot", "PublishSingleFile", "TreatWarningsAsErrors", "ILLinkTreatWarningsAsErrors", "IlcTreatWarningsAsErrors",
        "SuppressTrimAnalysisWarnings", "SuppressAotAnalysisWarnings", "TrimmerSingleWarn", "UseSystemResourceKeys", "StackTraceSupport",
        "IsAotCompatible", "EnableAotAnalyzer", "EnableTrimAnalyzer", "EnableSingleFileAnalyzer",
        "JsonSerializerIsReflectionEnabledByDefault", "NoWarn", "WarningsNotAsErrors",
    ];

    private readonly Dictionary<(string Project, string Profile), IReadOnlyDictionary<string, string>> known = [];

    /// <summary>The names of the operator's projects.</summary>
    public static IReadOnlyList<string> Projects { get; } =
    [
        .. Directory.EnumerateFiles(Repository.Path("operator"), "*.csproj", SearchOption.AllDirectories)
            .Select(file => Path.GetFileNameWithoutExtension(file)),
    ];

    /// <summary>The properties of a project with a publish profile, or with none ("").</summary>
    public IReadOnlyDictionary<string, string> Of(string project, string profile) => known[(project, profile)];

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        using var folder = new TemporaryFolder();
        var (asking, told) = (Path.Combine(folder.Path, "asking.proj"), Path.Combine(folder.Path, "told.targets"));
        await File.WriteAllTextAsync(told, Told().ToString(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(asking, Asking(told).ToString(), TestContext.Current.CancellationToken);
        using var json = JsonDocument.Parse(await OutputAsync(asking));
        foreach (var item in json.RootElement.GetProperty("TargetResults").GetProperty("Ask").GetProperty("Items").EnumerateArray())
        {
            known[(Text(item, "Identity"), Text(item, "Profile"))] = properties.ToDictionary(name => name, name => Text(item, name));
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string Text(JsonElement item, string name) => item.GetProperty(name).GetString()!;

    private static async Task<string> OutputAsync(string project)
    {
        var start = new ProcessStartInfo("dotnet", ["msbuild", project, "-nologo", "-getTargetResult:Ask"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var deadline = new CancellationTokenSource(patience);
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        Assert.True(process.ExitCode == 0, output);
        return output;
    }

    // Asks each project.
    private static XElement Asking(string told) =>
        new(
            "Project",
            new XElement(
                "ItemGroup",
                Projects.Select(project => Asked(project, "")),
                Asked("VismaOperator", "Native"),
                Asked("VismaOperator", "SingleFile")
            ),
            new XElement(
                "Target",
                new XAttribute("Name", "Ask"),
                new XAttribute("Returns", "@(Answer)"),
                new XElement(
                    "MSBuild",
                    new XAttribute("Projects", "@(Asked)"),
                    new XAttribute("Targets", "Tell"),
                    new XAttribute("Properties", $"Configuration=Release;CustomAfterMicrosoftCommonTargets={told}"),
                    new XElement("Output", new XAttribute("TaskParameter", "TargetOutputs"), new XAttribute("ItemName", "Answer"))
                )
            )
        );

    private static XElement Asked(string project, string profile) =>
        new(
            "Asked",
            new XAttribute("Include", Repository.Path("operator", project, project + ".csproj")),
            new XElement("AdditionalProperties", $"PublishProfile={profile}")
        );

    // Imported by each project that is asked, behind everything that sets properties.
    private static XElement Told() =>
        new(
            "Project",
            new XElement(
                "Target",
                new XAttribute("Name", "Tell"),
                new XAttribute("Returns", "@(Telling)"),
                new XElement(
                    "ItemGroup",
                    new XElement(
                        "Telling",
                        new XAttribute("Include", "$(MSBuildProjectName)"),
                        new XElement("Profile", "$(PublishProfile)"),
                        properties.Select(name => new XElement(name, $"$({name})"))
                    )
                )
            )
        );
}
