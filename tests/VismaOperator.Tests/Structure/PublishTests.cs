using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Structure;

/// <summary>
/// What the compiler of the native executable cannot follow breaks only when it runs. It warns of all of it, as long as nobody
/// switches a warning off: the build takes minutes, so the settings are held here and the build itself by CI.
/// </summary>
public sealed partial class PublishTests
{
    private static readonly TimeSpan patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("Native", "PublishAot", "true")]
    [InlineData("Native", "PublishSingleFile", "false")]
    [InlineData("SingleFile", "PublishAot", "")]
    [InlineData("SingleFile", "PublishSingleFile", "true")]
    public async Task A_profile_publishes_what_its_name_says(string profile, string property, string expected) =>
        Assert.Equal(expected, (await PropertiesAsync("VismaOperator", profile, property))[property]);

    [Theory]
    [InlineData("Native")]
    [InlineData("SingleFile")]
    public async Task Each_warning_of_trimming_and_of_native_compilation_is_an_error_of_a_publish(string profile)
    {
        var properties = await PropertiesAsync(
            "VismaOperator", profile,
            "TreatWarningsAsErrors", "ILLinkTreatWarningsAsErrors", "IlcTreatWarningsAsErrors", "SuppressTrimAnalysisWarnings",
            "SuppressAotAnalysisWarnings", "TrimmerSingleWarn");

        Assert.Equal("true", properties["TreatWarningsAsErrors"]);
        Assert.NotEqual("false", properties["ILLinkTreatWarningsAsErrors"]);
        Assert.NotEqual("false", properties["IlcTreatWarningsAsErrors"]);
        Assert.Equal("false", properties["SuppressTrimAnalysisWarnings"]);
        Assert.NotEqual("true", properties["SuppressAotAnalysisWarnings"]);
        Assert.Equal("false", properties["TrimmerSingleWarn"]); // one warning for an assembly would hide where it comes from
    }

    [Theory]
    [InlineData("Native")]
    [InlineData("SingleFile")]
    public async Task A_published_executable_says_as_much_of_a_failure_as_a_built_one(string profile)
    {
        // Messages of exceptions of .NET reach users, and a stack at level debug names methods: neither is given away for size.
        var properties = await PropertiesAsync("VismaOperator", profile, "UseSystemResourceKeys", "StackTraceSupport");

        Assert.NotEqual("true", properties["UseSystemResourceKeys"]);
        Assert.NotEqual("false", properties["StackTraceSupport"]);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public async Task Every_project_of_the_operator_is_analysed_for_native_compilation_as_it_is_built(string project)
    {
        string[] analyzers = ["IsAotCompatible", "EnableAotAnalyzer", "EnableTrimAnalyzer", "EnableSingleFileAnalyzer"];
        var properties = await PropertiesAsync(project, profile: "", [.. analyzers, "JsonSerializerIsReflectionEnabledByDefault", "NoWarn",
            "WarningsNotAsErrors"]);

        Assert.All(analyzers, analyzer => Assert.Equal("true", properties[analyzer]));
        Assert.Equal("false", properties["JsonSerializerIsReflectionEnabledByDefault"]);
        Assert.DoesNotMatch(WarningOfTheCompiler(), properties["NoWarn"] + ";" + properties["WarningsNotAsErrors"]);
    }

    [Fact]
    public void No_source_of_the_operator_silences_a_warning_of_the_native_compiler()
    {
        var silent =
            from file in Directory.EnumerateFiles(Repository.Path("operator"), "*.cs", SearchOption.AllDirectories)
            where !file.Contains("/obj/", StringComparison.Ordinal) && Silencer().IsMatch(File.ReadAllText(file))
            select Path.GetRelativePath(Repository.Root, file);

        Assert.Empty(silent);
    }

    [Fact]
    public async Task Without_a_linker_that_may_be_installed_a_publish_says_what_is_needed()
    {
        var nothing = Directory.CreateTempSubdirectory("visma-operator-no-linker-");
        var start = new ProcessStartInfo("/bin/sh", [Repository.Path("operator", "obtain-linker.sh")])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
            Environment = { ["PATH"] = nothing.FullName },
        };
        using var deadline = new CancellationTokenSource(patience);
        using var process = Process.Start(start)!;
        var told = await process.StandardError.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        nothing.Delete();

        Assert.Equal(1, process.ExitCode);
        Assert.Contains("Native compilation needs a C linker", told, StringComparison.Ordinal);
        Assert.Contains("apt-get install --no-install-recommends gcc libc6-dev", told, StringComparison.Ordinal);
        Assert.Contains("make publish JIT=1", told, StringComparison.Ordinal);
    }

    public static TheoryData<string> Projects() =>
    [
        .. Directory.EnumerateFiles(Repository.Path("operator"), "*.csproj", SearchOption.AllDirectories)
            .Select(file => Path.GetFileNameWithoutExtension(file)),
    ];

    /// <summary>What MSBuild makes of all files together.</summary>
    private static async Task<IReadOnlyDictionary<string, string>> PropertiesAsync(
        string project, string profile, params string[] names)
    {
        // A second property, so that MSBuild answers with JSON rather than with the bare value.
        string[] arguments =
        [
            "msbuild", Repository.Path("operator", project, project + ".csproj"), "-nologo", "-p:Configuration=Release",
            "-p:PublishProfile=" + profile, "-getProperty:" + string.Join(',', names.Append("MSBuildProjectName")),
        ];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, UseShellExecute = false };
        using var deadline = new CancellationTokenSource(patience);
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        Assert.True(process.ExitCode == 0, output);
        using var json = JsonDocument.Parse(output);
        return json.RootElement.GetProperty("Properties").EnumerateObject()
            .ToDictionary(property => property.Name, property => property.Value.GetString()!, StringComparer.Ordinal);
    }

    [GeneratedRegex(@"\bIL[23]\d{3}\b", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex WarningOfTheCompiler();

    [GeneratedRegex(
        @"UnconditionalSuppressMessage|#pragma warning disable[^\n]*\bIL[23]\d{3}\b|SuppressMessage\([^)]*\bIL[23]\d{3}\b",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Silencer();
}
