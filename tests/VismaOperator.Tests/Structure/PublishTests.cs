using System.Diagnostics;
using System.Text.RegularExpressions;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Structure;

/// <summary>
/// What the compiler of the native executable cannot follow breaks only when it runs. It warns of all of it, as long as nobody
/// switches a warning off: the build takes minutes, so the settings are held here and the build itself by CI.
/// </summary>
public sealed partial class PublishTests(ProjectProperties properties) : IClassFixture<ProjectProperties>
{
    private static readonly TimeSpan patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("Native", "PublishAot", "true")]
    [InlineData("Native", "PublishSingleFile", "false")]
    [InlineData("SingleFile", "PublishAot", "")]
    [InlineData("SingleFile", "PublishSingleFile", "true")]
    public void A_profile_publishes_what_its_name_says(string profile, string property, string expected) =>
        Assert.Equal(expected, properties.Of("VismaOperator", profile)[property]);

    [Theory]
    [InlineData("Native")]
    [InlineData("SingleFile")]
    public void Each_warning_of_trimming_and_of_native_compilation_is_an_error_of_a_publish(string profile)
    {
        var published = properties.Of("VismaOperator", profile);

        Assert.Equal("true", published["TreatWarningsAsErrors"]);
        Assert.NotEqual("false", published["ILLinkTreatWarningsAsErrors"]);
        Assert.NotEqual("false", published["IlcTreatWarningsAsErrors"]);
        Assert.Equal("false", published["SuppressTrimAnalysisWarnings"]);
        Assert.NotEqual("true", published["SuppressAotAnalysisWarnings"]);
        Assert.Equal("false", published["TrimmerSingleWarn"]); // one warning for an assembly would hide where it comes from
    }

    [Theory]
    [InlineData("Native")]
    [InlineData("SingleFile")]
    public void A_published_executable_says_as_much_of_a_failure_as_a_built_one(string profile)
    {
        // Messages of exceptions of .NET reach users, and a stack at level debug names methods: neither is given away for size.
        var published = properties.Of("VismaOperator", profile);

        Assert.NotEqual("true", published["UseSystemResourceKeys"]);
        Assert.NotEqual("false", published["StackTraceSupport"]);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Every_project_of_the_operator_is_analysed_for_native_compilation_as_it_is_built(string project)
    {
        string[] analyzers = ["IsAotCompatible", "EnableAotAnalyzer", "EnableTrimAnalyzer", "EnableSingleFileAnalyzer"];
        var built = properties.Of(project, profile: "");

        Assert.All(analyzers, analyzer => Assert.Equal("true", built[analyzer]));
        Assert.Equal("false", built["JsonSerializerIsReflectionEnabledByDefault"]);
        Assert.DoesNotMatch(WarningOfTheCompiler(), built["NoWarn"] + ";" + built["WarningsNotAsErrors"]);
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

    public static TheoryData<string> Projects() => [.. ProjectProperties.Projects];

    [GeneratedRegex(@"\bIL[23]\d{3}\b", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex WarningOfTheCompiler();

    [GeneratedRegex(
        @"UnconditionalSuppressMessage|#pragma warning disable[^\n]*\bIL[23]\d{3}\b|SuppressMessage\([^)]*\bIL[23]\d{3}\b",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        60_000
    )]
    private static partial Regex Silencer();
}
