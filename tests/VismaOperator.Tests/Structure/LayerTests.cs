using System.Text.RegularExpressions;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Structure;

/// <summary>
/// The folders of the operator import one way: a file uses its own folder and earlier ones. A new folder is added here, at its place.
/// </summary>
public sealed partial class LayerTests
{
    private static readonly string[] order =
    [
        "Manifests",
        "Api",
        "Api.Validation",
        "Api.Crds",
        "Reporting",
        "Publishing",
        "Probing",
        "Restarting",
        "Clients",
        "Copies",
        "Grants",
        "Connections",
        "Sets",
        "Consent.Flow",
        "Consent.Web",
        "Hosting",
        "Local",
        "Cli.Cluster",
        "Cli.Connect",
        "Cli.Check",
        "Cli.Status",
        "Cli.Requests",
        "Cli.Doctor",
        "Cli.Init",
        "Cli.Import",
        "Cli.Rotate",
        "Cli.Dashboard",
        "Cli",
        "",
    ];

    private static readonly Lazy<ILookup<string, string>> types = new(() =>
        (from source in Sources() from match in Declared().Matches(source.Text) select (source.Folder, match.Groups["type"].Value))
            .ToLookup(declared => declared.Folder, declared => declared.Value)
    );

    private static readonly string nested = string.Join(
        '|',
        order.Where(folder => folder.Contains('.', StringComparison.Ordinal)).Select(folder => folder.Split('.')[1])
    );

    private static readonly Regex shortName = new(
        $@"(?<![\w.])(?<folder>[A-Z]\w*(\.({nested})\b)?)\.(?<type>[A-Z]\w*)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    );

    // In using directives and in names that are written out.
    private static readonly Regex mentioned = new(
        $@"(?<!namespace )\bVismaOperator\.(?<folder>[A-Z]\w*(\.({nested})\b)?)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    );

    // A type without any folder, as a file below that folder may write it: before what only follows a type or its use, or between brackets
    // and commas. A name that stands after another word there is that of a parameter or a property.
    private static readonly Regex bare = new(
        @"(?<![\w.])(?<type>[A-Z]\w*)(?=[.(<? ]|\[\])|(?<=[<(]|, |\b(is|as) )(?<type>[A-Z]\w*)(?=[>,;)])",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    );

    private static string Root { get; } = Repository.Path("operator/VismaOperator");

    [Fact]
    public void Every_folder_has_its_place_and_a_namespace_of_its_name() =>
        Assert.All(Sources(), source => Assert.Contains(source.Folder, order));

    [Fact]
    public void No_file_uses_a_later_folder()
    {
        var backward =
            from source in Sources()
            from used in Used(source.Text).Concat(UsedOfParent(source.Folder, source.Text))
            where order.Contains(used) && Array.IndexOf(order, used) > Array.IndexOf(order, source.Folder)
            select $"{source.Path} uses {used}";

        Assert.Empty(backward);
    }

    [Fact]
    public void Only_local_mode_uses_the_cluster_in_memory() =>
        Assert.Equal(
            ["Local"],
            Sources()
                .Where(source => source.Text.Contains("Kubernetes.InMemory", StringComparison.Ordinal))
                .Select(source => source.Folder)
                .Distinct()
        );

    [Theory]
    [InlineData("using VismaOperator.Local;", "Local")]
    [InlineData("global::VismaOperator.Consent.Web.ConsentHost host", "Consent.Web")]
    [InlineData("await Local.LocalMode.RunAsync()", "Local")]
    [InlineData("new(Local.LocalMode)", "Local")]
    [InlineData("Consent.Web.ConsentHost host", "Consent.Web")]
    [InlineData("Web.ConsentHost host", "Consent.Web")]
    [InlineData("typeof(Check.CheckCommand)", "Cli.Check")]
    [InlineData("caches.Connections.Store", null)]
    [InlineData("Connections.Store.Find(name)", null)]
    [InlineData("queue.Local.LocalMode", null)]
    public void A_folder_is_seen_however_much_of_its_name_is_written(string code, string? folder) =>
        Assert.Equal(folder, Used(code).SingleOrDefault());

    [Theory]
    [InlineData("new ExitCode(1)", "Cli")]
    [InlineData("StatusVerb.Name", "Cli")]
    [InlineData("StatusVerb? verb", "Cli")]
    [InlineData("List<StatusVerb> verbs", "Cli")]
    [InlineData("Dictionary<ExitCode, int> codes", "Cli")]
    [InlineData("typeof(StatusVerb)", "Cli")]
    [InlineData("StatusVerb[] verbs", "Cli")]
    [InlineData("value is ExitCode;", "Cli")]
    [InlineData("process.ExitCode == 0", null)]
    [InlineData("(ResourceKind Kind, string[] Verbs)", null)]
    public void A_folder_below_another_one_sees_its_types_without_a_name(string code, string? folder) =>
        Assert.Equal(folder, UsedOfParent("Cli.Status", code).SingleOrDefault());

    private static IEnumerable<string> UsedOfParent(string folder, string text) =>
        folder.Split('.') is [var parent, _] && bare.Matches(text).Any(match => types.Value[parent].Contains(match.Groups["type"].Value))
            ? [parent]
            : [];

    private static IEnumerable<string> Used(string text) =>
        mentioned.Matches(text).Select(match => match.Groups["folder"].Value).Concat(UsedInShort(text)).Distinct();

    // Inside VismaOperator, Local.LocalMode is VismaOperator.Local.LocalMode. A property may have the name of a folder, too: what follows
    // it is no type of that folder.
    private static IEnumerable<string> UsedInShort(string text) =>
        from match in shortName.Matches(text)
        from folder in order
        where folder == match.Groups["folder"].Value || folder.EndsWith("." + match.Groups["folder"].Value, StringComparison.Ordinal)
        where types.Value[folder].Contains(match.Groups["type"].Value)
        select folder;

    private static IEnumerable<(string Path, string Folder, string Text)> Sources() =>
        from path in Directory.GetFiles(Root, "*.cs", SearchOption.AllDirectories)
        let relative = Path.GetRelativePath(Root, path)
        let folder = Path.GetDirectoryName(relative) ?? string.Empty
        where !relative.StartsWith("obj", StringComparison.Ordinal) && !relative.StartsWith("bin", StringComparison.Ordinal)
        select (relative, folder.Replace(Path.DirectorySeparatorChar, '.'), File.ReadAllText(path));

    [GeneratedRegex(
        @"^\s*((public|internal|sealed|static|abstract|partial|readonly) )+(class|record struct|record|struct|interface|enum) (?<type>\w+)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        60_000
    )]
    private static partial Regex Declared();
}
