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
        "Cli",
        "",
    ];

    private static string Root { get; } = Repository.Path("operator/VismaOperator");

    [Fact]
    public void Every_folder_has_its_place_and_a_namespace_of_its_name() =>
        Assert.All(Sources(), source => Assert.Contains(source.Folder, order));

    [Fact]
    public void No_file_uses_a_later_folder()
    {
        var backward =
            from source in Sources()
            from used in Mentioned().Matches(source.Text).Select(match => match.Groups["folder"].Value).Distinct()
            where order.Contains(used) && Array.IndexOf(order, used) > Array.IndexOf(order, source.Folder)
            select $"{source.Path} uses {used}";

        Assert.Empty(backward);
    }

    private static IEnumerable<(string Path, string Folder, string Text)> Sources() =>
        from path in Directory.GetFiles(Root, "*.cs", SearchOption.AllDirectories)
        let relative = Path.GetRelativePath(Root, path)
        let folder = Path.GetDirectoryName(relative) ?? string.Empty
        where !relative.StartsWith("obj", StringComparison.Ordinal) && !relative.StartsWith("bin", StringComparison.Ordinal)
        select (relative, folder.Replace(Path.DirectorySeparatorChar, '.'), File.ReadAllText(path));

    // In using directives and in names that are written out.
    [GeneratedRegex(
        @"(?<!namespace )\bVismaOperator\.(?<folder>[A-Z]\w*(\.(Validation|Crds|Flow|Web|Check|Connect)\b)?)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Mentioned();
}
