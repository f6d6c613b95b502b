using YamlDotNet.Core;

namespace VismaOperator.Manifests;

/// <summary>What was read: the objects, and what could not be read.</summary>
public sealed record ManifestSet(IReadOnlyList<ManifestDocument> Documents, IReadOnlyList<ManifestProblem> Problems);

/// <summary>
/// Reads manifests as kubectl does: YAML or JSON, several documents a file, <c>List</c> objects opened up. Every field
/// keeps its line and column.
/// </summary>
public static class ManifestReader
{
    private static readonly string[] identity = ["apiVersion", "kind"];
    private static readonly string[] extensions = [".yaml", ".yml", ".json"];

    /// <summary>Reads files and folders (their <c>.yaml</c>, <c>.yml</c> and <c>.json</c> files, also in folders below), in order of their names.</summary>
    /// <exception cref="IOException">A file or folder is not there or cannot be read.</exception>
    public static ManifestSet Read(IEnumerable<string> filesAndFolders)
    {
        var documents = new List<ManifestDocument>();
        var problems = new List<ManifestProblem>();
        foreach (var file in filesAndFolders.SelectMany(Files).Distinct(StringComparer.Ordinal))
        {
            var read = ReadText(file, File.ReadAllText(file));
            documents.AddRange(read.Documents);
            problems.AddRange(read.Problems);
        }

        return new(documents, problems);
    }

    /// <summary>Reads one text.</summary>
    /// <param name="file">How problems name it.</param>
    /// <param name="text">YAML or JSON.</param>
    public static ManifestSet ReadText(string file, string text)
    {
        var documents = new List<ManifestDocument>();
        var problems = new List<ManifestProblem>();
        void Report(Position position, string message) => problems.Add(new(file, position, message));
        using var reader = new StringReader(text);
        var composer = new YamlComposer(new Parser(reader), Report);
        try
        {
            while (composer.NextDocument() is { } root)
            {
                documents.AddRange(Objects(root, Report).Select(item => DocumentBuilder.Build(file, item, Report)).OfType<ManifestDocument>());
            }
        }
        catch (YamlException exception)
        {
            ReportSyntax(text, exception, Report);
        }

        return new(documents, problems);
    }

    /// <summary>The parser reports a tab where the object around it begins, so the tab is looked for.</summary>
    private static void ReportSyntax(string text, YamlException exception, Action<Position, string> report)
    {
        var start = new Position((int)exception.Start.Line, (int)exception.Start.Column);
        var rest = text.Split('\n').Skip(start.Line - 1).TakeWhile((line, index) => index == 0 || !line.StartsWith("---", StringComparison.Ordinal)).ToList();
        var tab = rest.FindIndex(line => line.StartsWith('\t') && line.Trim().Length > 0);
        if (tab >= 0)
        {
            report(new(start.Line + tab, 1), "this is not YAML, and nothing after it was read: the line is indented by a tab: use spaces");
            return;
        }

        report(start, $"this is not YAML, and nothing after it was read: {exception.Message}");
    }

    /// <summary>The files that would be read of a file or folder, in order of their names.</summary>
    internal static IEnumerable<string> Files(string path)
    {
        if (File.Exists(path))
        {
            return [path];
        }

        return Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
            .Where(file => extensions.Contains(Path.GetExtension(file), StringComparer.Ordinal))
            .Order(StringComparer.Ordinal);
    }

    private static IEnumerable<YamlNode.Mapping> Objects(YamlNode root, Action<Position, string> report)
    {
        switch (root)
        {
            case YamlNode.Scalar { Text: "" or "~" or "null" }:
                return [];
            case YamlNode.Mapping list when IsList(list):
                return ((YamlNode.Sequence)list.Find("items")!).Items.SelectMany(item => Objects(item, report));
            case YamlNode.Mapping mapping when HasText(mapping, "apiVersion") && HasText(mapping, "kind"):
                return [mapping];
            default:
                var missing = string.Join(" and ", identity.Where(key => root is not YamlNode.Mapping some || !HasText(some, key)));
                report(root.Start, $"this is not an object of Kubernetes: add {missing}");
                return [];
        }
    }

    private static bool IsList(YamlNode.Mapping mapping) =>
        mapping.Find("kind") is YamlNode.Scalar kind && kind.Text.EndsWith("List", StringComparison.Ordinal) && mapping.Find("items") is YamlNode.Sequence;

    private static bool HasText(YamlNode.Mapping mapping, string key) => mapping.Find(key) is YamlNode.Scalar { Text.Length: > 0 };
}
