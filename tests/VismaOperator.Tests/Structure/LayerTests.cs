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
        "Clients",
        "Grants",
        "Connections",
        "Consent.Flow",
        "Consent.Web",
        "Hosting",
        "Local",
        "Cli.Check",
        "Cli.Connect",
        "Cli.Status",
        "Cli.Refresh",
        "Cli",
        "",
    ];

    private static readonly Lazy<ILookup<string, string>> types = new(() =>
        (from source in Sources() from match in Declared().Matches(source.Text) select (source.Folder, match.Groups["type"].Value))
            .ToLookup(declared => declared.Folder, declared => declared.Value)
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
            from used in Used(source.Text)
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

    private static IEnumerable<string> Used(string text) =>
        Mentioned().Matches(text).Select(match => match.Groups["folder"].Value).Concat(UsedInShort(text)).Distinct();

    // Inside VismaOperator, Local.LocalMode is VismaOperator.Local.LocalMode. A property may have the name of a folder, too: what follows
    // it is no type of that folder.
    private static IEnumerable<string> UsedInShort(string text) =>
        from match in Short().Matches(text)
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
        @"(?<![\w.])(?<folder>[A-Z]\w*(\.(Validation|Crds|Flow|Web|Check|Connect)\b)?)\.(?<type>[A-Z]\w*)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Short();

    [GeneratedRegex(
        @"^\s*((public|internal|sealed|static|abstract|partial|readonly) )+(class|record struct|record|struct|interface|enum) (?<type>\w+)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        1000
    )]
    private static partial Regex Declared();

    // In using directives and in names that are written out.
    [GeneratedRegex(
        @"(?<!namespace )\bVismaOperator\.(?<folder>[A-Z]\w*(\.(Validation|Crds|Flow|Web|Check|Connect|Status|Refresh)\b)?)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Mentioned();
}
