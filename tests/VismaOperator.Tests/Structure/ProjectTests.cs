using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Structure;

/// <summary>The borders of docs/architecture.md, as far as project files and documents can break them.</summary>
public sealed partial class ProjectTests
{
    private static readonly string[] folders = ["operator", "tests", "benchmarks"];

    [Theory]
    [InlineData("Lifecycle", "", "")]
    [InlineData("OAuth", "", "Duende.IdentityModel,Polly.Core")]
    [InlineData("Kubernetes.Client", "", "KubernetesClient.Aot,SharpYaml,YamlDotNet")]
    [InlineData("Kubernetes.Controllers", "Kubernetes.Client", "")]
    [InlineData("Kubernetes.InMemory", "Kubernetes.Client", "")]
    [InlineData(
        "VismaOperator",
        "Kubernetes.Controllers,Kubernetes.InMemory,Lifecycle,OAuth",
        "OpenTelemetry.Exporter.OpenTelemetryProtocol,OpenTelemetry.Exporter.Prometheus.AspNetCore,OpenTelemetry.Extensions.Hosting,"
        + "SharpYaml,System.CommandLine"
    )]
    public void A_project_references_what_the_architecture_draws_and_nothing_else(string project, string projects, string packages)
    {
        var file = XDocument.Load(Repository.Path("operator", project, project + ".csproj"));

        Assert.Equal(projects, Sorted(file, "ProjectReference", include => Path.GetFileNameWithoutExtension(include.Replace('\\', '/'))));
        Assert.Equal(packages, Sorted(file, "PackageReference", include => include));
    }

    [Fact]
    public void Every_package_and_every_tool_has_one_exact_version()
    {
        var packages = XDocument.Load(Repository.Path("Directory.Packages.props"));
        var tools = JsonNode.Parse(File.ReadAllText(Repository.Path(".config", "dotnet-tools.json")))!["tools"]!.AsObject();
        var versions = packages
            .Descendants("PackageVersion")
            .Select(package => package.Attribute("Version")!.Value)
            .Concat(tools.Select(tool => tool.Value!["version"]!.GetValue<string>()));
        var ofTheirOwn = folders
            .SelectMany(folder => Directory.EnumerateFiles(Repository.Path(folder), "*.csproj", SearchOption.AllDirectories))
            .SelectMany(file => XDocument.Load(file).Descendants("PackageReference"))
            .Where(reference => reference.Attribute("Version") is not null || reference.Attribute("VersionOverride") is not null);

        Assert.All(versions, version => Assert.Matches(ExactVersion(), version));
        Assert.Equal("true", packages.Descendants("ManagePackageVersionsCentrally").Single().Value);
        Assert.Equal("true", packages.Descendants("CentralPackageTransitivePinningEnabled").Single().Value);
        Assert.Empty(ofTheirOwn);
    }

    [Fact]
    public void Every_package_that_is_built_in_is_locked_to_a_hash()
    {
        foreach (var project in Projects("operator"))
        {
            var folder = Repository.Path("operator", project);
            var locked = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "packages.lock.json")))!["dependencies"]!["net10.0"]!
                .AsObject();
            var packages = locked.Where(package => package.Value!["type"]!.GetValue<string>() != "Project").ToList();

            Assert.All(packages, package => Assert.Matches(ContentHash(), package.Value!["contentHash"]!.GetValue<string>()));
            Assert.Empty(
                XDocument
                    .Load(Path.Combine(folder, project + ".csproj"))
                    .Descendants("PackageReference")
                    .Select(reference => reference.Attribute("Include")!.Value)
                    .Except(packages.Select(package => package.Key))
            );
        }
    }

    [Fact]
    public void The_trimmer_of_the_lock_files_does_not_come_with_the_SDK()
    {
        // Nobody asks for it by name: IsTrimmable does, in the version of the SDK, and a restore in locked mode would need that SDK.
        const string Trimmer = "Microsoft.NET.ILLink.Tasks";
        var pinned = XDocument
            .Load(Repository.Path("operator", "Directory.Build.targets"))
            .Descendants("KnownILLinkPack")
            .Single(pack => pack.Attribute("Update")!.Value == Trimmer)
            .Attribute("ILLinkPackVersion")!
            .Value;

        Assert.All(
            Projects("operator"),
            project =>
            {
                var file = Repository.Path("operator", project, "packages.lock.json");
                var locked = JsonNode.Parse(File.ReadAllText(file))!["dependencies"]!["net10.0"]![Trimmer]!;
                Assert.Equal(pinned, locked["resolved"]!.GetValue<string>());
                Assert.Equal($"[{pinned}, )", locked["requested"]!.GetValue<string>());
            }
        );
    }

    [Fact]
    public void There_are_six_production_projects_and_none_is_a_drawer_for_everything()
    {
        var names = Projects("operator").ToList();

        Assert.Equal(
            ["Kubernetes.Client", "Kubernetes.Controllers", "Kubernetes.InMemory", "Lifecycle", "OAuth", "VismaOperator"],
            names.Order(StringComparer.Ordinal)
        );
        Assert.DoesNotContain(names.Concat(Projects("tests")), name => DrawerName().IsMatch(name));
    }

    [Fact]
    public void Every_make_target_that_a_document_names_exists()
    {
        var targets = MakeTarget()
            .Matches(File.ReadAllText(Repository.Path("Makefile")))
            .Select(match => match.Groups["name"].Value)
            .ToHashSet(StringComparer.Ordinal);
        var named =
            from document in Repository.Documents
            from Match match in MakeCall().Matches(File.ReadAllText(document))
            let target = match.Groups["name"].Value
            where !targets.Contains(target)
            select $"{Path.GetRelativePath(Repository.Root, document)}: make {target}";

        Assert.Empty(named);
    }

    [Fact]
    public void Every_relative_link_of_a_document_leads_somewhere()
    {
        var dead =
            from document in Repository.Documents
            from Match match in Link().Matches(File.ReadAllText(document))
            let target = match.Groups["target"].Value
            where !target.Contains("://", StringComparison.Ordinal) && !Path.Exists(Path.Combine(Path.GetDirectoryName(document)!, target))
            select $"{Path.GetRelativePath(Repository.Root, document)}: {target}";

        Assert.Empty(dead);
    }

    [Fact]
    public void No_table_of_a_document_is_torn()
    {
        // Rows behind an empty line are no rows: they are shown as text with strokes in it.
        var torn =
            from document in Repository.Documents
            let lines = File.ReadAllLines(document)
            from number in Enumerable.Range(1, lines.Length - 1)
            where
                lines[number].StartsWith('|')
                && lines[number - 1].Length == 0
                && !(number + 1 < lines.Length && lines[number + 1].StartsWith("|-", StringComparison.Ordinal))
            select $"{Path.GetRelativePath(Repository.Root, document)}:{number + 1}";

        Assert.Empty(torn);
    }

    private static IEnumerable<string> Projects(string folder) =>
        Directory.EnumerateDirectories(Repository.Path(folder))
            .Where(project => Directory.EnumerateFiles(project, "*.csproj").Any())
            .Select(project => Path.GetFileName(project));

    private static string Sorted(XDocument project, string element, Func<string, string> name) =>
        string.Join(
            ',',
            project.Descendants(element).Select(reference => name(reference.Attribute("Include")!.Value)).Order(StringComparer.Ordinal)
        );

    [GeneratedRegex(
        @"(^|\.)(Common|Shared|Core|Utils?|Helpers?)(\.|$)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        60_000
    )]
    private static partial Regex DrawerName();

    [GeneratedRegex(@"^\d+(\.\d+){2,3}(-[a-z0-9.]+)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex ExactVersion();

    [GeneratedRegex("^[A-Za-z0-9+/]{86}==$", RegexOptions.CultureInvariant, 60_000)] // SHA-512
    private static partial Regex ContentHash();

    [GeneratedRegex("^(?<name>[a-z]+):", RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex MakeTarget();

    [GeneratedRegex(
        @"(^ {4}|`)make (?<name>[a-z]+)",
        RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        60_000
    )]
    private static partial Regex MakeCall();

    [GeneratedRegex(@"\]\((?<target>[^)#\s]+)(#[^)]*)?\)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Link();
}
