using System.Text.RegularExpressions;

namespace VismaOperator.Manifests;

/// <summary>What was read: the objects, and the problems of the files.</summary>
public sealed record ManifestSet(IReadOnlyList<ManifestDocument> Documents, IReadOnlyList<ManifestProblem> Problems);

/// <summary>
/// Reads manifests as kubectl does: YAML or JSON, several documents a file, <c>List</c> objects opened up. Every field
/// keeps its line and column.
/// </summary>
/// <remarks>What is only found in a folder may be something else; a file that was named is meant as manifests.</remarks>
public static class ManifestReader
{
    // The begin of a line as YAML and JSON have it on the uppermost level.
    private static readonly Regex identity = new(
        @"^[ \t{\['""-]{0,8}(apiVersion|kind)['""]?[ \t]*:",
        RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture
    );

    // What Helm and its relatives write, and nobody writes in a manifest.
    private static readonly Regex template = new(
        @"\{\{-?\s*(/\*|\$|(if|else|end|range|with|include|template|define|block|tpl|toYaml)\b"
            + @"|\.(Values|Release|Chart|Capabilities|Files|Template)\b)",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);

    /// <summary>
    /// Reads files and folders (their <c>.yaml</c>, <c>.yml</c> and <c>.json</c> files, also in folders below), in order of their names.
    /// </summary>
    /// <exception cref="IOException">A file or folder is not there or cannot be read.</exception>
    public static ManifestSet Read(IEnumerable<string> filesAndFolders) =>
        Read(new ManifestSource { Paths = [.. filesAndFolders] }, CancellationToken.None);

    /// <summary>Reads what a source says.</summary>
    /// <exception cref="IOException">A file that was named, or a folder, is not there or cannot be read.</exception>
    internal static ManifestSet Read(ManifestSource source, CancellationToken cancellation)
    {
        var (files, passedOver) = ManifestFiles.Find(source, cancellation);
        var documents = new List<ManifestDocument>();
        var problems = new List<ManifestProblem>(passedOver);
        foreach (var file in files)
        {
            var read = file.IsNamed ? ReadNamed(file, source, cancellation) : ReadFound(file, cancellation);
            documents.AddRange(read.Documents);
            problems.AddRange(read.Problems);
        }

        return new(documents, problems);
    }

    /// <summary>Reads one text, all of which is meant as manifests.</summary>
    /// <param name="file">How problems name it.</param>
    /// <param name="text">YAML or JSON.</param>
    public static ManifestSet ReadText(string file, string text) => Strict(ManifestText.Read(file, text, CancellationToken.None));

    /// <summary>Reads files whose objects have a form of their own: JSON or YAML, objects and lists of them.</summary>
    /// <param name="files">Files, or <see cref="ManifestSource.StandardInput"/>.</param>
    /// <param name="input">Opens standard input.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    internal static ManifestSet ReadForeign(IEnumerable<string> files, Func<Stream> input, CancellationToken cancellation)
    {
        var documents = new List<ManifestDocument>();
        var problems = new List<ManifestProblem>();
        foreach (var file in files)
        {
            using var stream = file == ManifestSource.StandardInput ? input() : FileText.Open(file);
            var read = ManifestText.ReadForeign(file, FileText.Read(stream), cancellation);
            documents.AddRange(read.Documents);
            problems.AddRange(read.Problems);
        }

        return new(documents, problems);
    }

    private static ManifestSet ReadNamed(ManifestFile file, ManifestSource source, CancellationToken cancellation)
    {
        try
        {
            using var input = file.Path == ManifestSource.StandardInput ? source.Input() : FileText.Open(file.Path);
            var read = Strict(ManifestText.Read(file.Path, FileText.Read(input), cancellation));
            return read is { Documents.Count: 0, Problems.Count: 0 }
                ? Nothing(file, ManifestProblemKind.NoManifest, "there is no object of Kubernetes in it")
                : read;
        }
        catch (TextTooLargeException exception)
        {
            return Nothing(file, ManifestProblemKind.Unreadable, $"{exception.Message}: divide it");
        }
    }

    private static ManifestSet ReadFound(ManifestFile file, CancellationToken cancellation)
    {
        try
        {
            return FileText.Read(file.RealPath) is { } text
                ? Judge(file, text, ManifestText.Read(file.Path, text, cancellation))
                : new([], []);
        }
        catch (Exception exception) when (exception is TextTooLargeException or FileNotFoundException or DirectoryNotFoundException)
        {
            return Nothing(
                file,
                ManifestProblemKind.LeftOut,
                exception is TextTooLargeException ? $"{exception.Message}: passed over" : "it has gone meanwhile"
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Nothing(file, ManifestProblemKind.Unreadable, $"it cannot be read: {exception.Message}");
        }
    }

    private static ManifestSet Judge(ManifestFile file, string text, ManifestSet read)
    {
        if ((read.Problems.Count > 0 || read.Documents.Any(document => document.IsTemplate)) && template.IsMatch(text))
        {
            return Nothing(
                file,
                ManifestProblemKind.LeftOut,
                "this is a template, as Helm has them, and no manifest yet: passed over. Render it first"
            );
        }

        if (read.Documents.Count > 0 || read.Problems.Count == 0)
        {
            return Strict(read);
        }

        var first = read.Problems[0];
        return first.Kind == ManifestProblemKind.NoManifest
                ? new([], [first with { Message = "this is no manifest (it has no apiVersion and no kind): passed over" }])
            : identity.IsMatch(text) ? Strict(read)
            : new(
                [],
                [
                    first with
                    {
                        Kind = ManifestProblemKind.LeftOut,
                        Message = $"passed over, since no line begins with apiVersion or kind: {first.Message}",
                    },
                ]
            );
    }

    private static ManifestSet Strict(ManifestSet read) =>
        read with
        {
            Problems =
            [
                .. read.Problems.Select(problem =>
                    problem.Kind == ManifestProblemKind.NoManifest ? problem with { Kind = ManifestProblemKind.Unreadable } : problem
                ),
            ],
        };

    private static ManifestSet Nothing(ManifestFile file, ManifestProblemKind kind, string message) =>
        new([], [new(file.Path, new(1, 1), message, kind)]);
}
