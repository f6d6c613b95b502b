namespace VismaOperator.Manifests;

/// <summary>A file that may hold manifests.</summary>
/// <param name="Path">As problems name it.</param>
/// <param name="RealPath">Where its content is; another path where a link leads to it.</param>
/// <param name="IsNamed">True when a person named this very file, rather than a folder above it.</param>
internal sealed record ManifestFile(string Path, string RealPath, bool IsNamed);

/// <summary>
/// Finds the files to read: of a folder the <c>.yaml</c>, <c>.yml</c> and <c>.json</c> files, also in folders below it, each once however
/// many links lead to it. Nothing here opens a file, since opening a pipe would wait for a writer.
/// </summary>
internal sealed class ManifestFiles
{
    // Deeper than repositories are, and an end for a tree that somebody makes while it is walked.
    private const int MaxDepth = 32;

    private const string Chart = "Chart.yaml";

    private static readonly string[] extensions = [".yaml", ".yml", ".json"];
    private static readonly string[] kustomizations = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

    private readonly ManifestSource source;
    private readonly CancellationToken cancellation;
    private readonly List<ManifestFile> files = [];
    private readonly List<ManifestProblem> problems = [];
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);

    private ManifestFiles(ManifestSource source, CancellationToken cancellation) =>
        (this.source, this.cancellation) = (source, cancellation);

    /// <summary>The files in order of their names, and what was passed over.</summary>
    /// <exception cref="IOException">A path is not there or cannot be read.</exception>
    public static (IReadOnlyList<ManifestFile> Files, IReadOnlyList<ManifestProblem> Problems) Find(
        ManifestSource source,
        CancellationToken cancellation
    )
    {
        var find = new ManifestFiles(source, cancellation);
        foreach (var path in source.Paths)
        {
            find.Root(path);
        }

        return (find.files, find.problems);
    }

    private void Root(string path)
    {
        if (path == ManifestSource.StandardInput)
        {
            files.Add(new(path, path, IsNamed: true));
        }
        else if (Directory.Exists(path))
        {
            var first = files.Count;
            Folder(path, [new(path, source.Ignored), new(Environment.CurrentDirectory, source.Ignored)], depth: 0);
            files.Sort(
                first,
                files.Count - first,
                Comparer<ManifestFile>.Create((left, right) => string.CompareOrdinal(left.Path, right.Path))
            );
        }
        else if (!Path.Exists(path))
        {
            throw new FileNotFoundException($"{path} does not exist", path);
        }
        else if (!new IgnorePatterns(Environment.CurrentDirectory, source.Ignored).Ignores(path))
        {
            Add(path, isNamed: true);
        }
    }

    private void Folder(string folder, IReadOnlyList<IgnorePatterns> patterns, int depth)
    {
        cancellation.ThrowIfCancellationRequested();
        if (!seen.Add(RealPath.Of(folder)) || source.IsOutput(folder))
        {
            return;
        }

        if (depth > MaxDepth)
        {
            Report(folder, ManifestProblemKind.LeftOut, $"the folder is more than {MaxDepth} folders deep: passed over. Name it with -f");
        }
        else if (File.Exists(Path.Combine(folder, Chart)))
        {
            Report(
                Path.Combine(folder, Chart),
                ManifestProblemKind.LeftOut,
                $"{folder} is a Helm chart, whose templates are no manifests yet: passed over. Render it first: helm template {folder} "
                + "| visma-operator check -f -"
            );
        }
        else if (Array.Find(kustomizations, name => File.Exists(Path.Combine(folder, name))) is { } kustomization)
        {
            Report(
                Path.Combine(folder, kustomization),
                ManifestProblemKind.LeftOut,
                $"{folder} is built by Kustomize, so its files are no whole manifests: passed over. Render it first: kubectl kustomize "
                + $"{folder} | visma-operator check -f -"
            );
        }
        else
        {
            Entries(folder, patterns, depth);
        }
    }

    private void Entries(string folder, IReadOnlyList<IgnorePatterns> patterns, int depth)
    {
        try
        {
            var own = Path.Combine(folder, IgnorePatterns.FileName);
            IReadOnlyList<IgnorePatterns> all = File.Exists(own) ? [.. patterns, PatternsOf(own)] : patterns;
            foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
            {
                Entry(entry, Path.Combine(folder, entry.Name), all, depth);
            }
        }
        catch (Exception exception) when (depth > 0 && exception is IOException or UnauthorizedAccessException)
        {
            Report(folder, ManifestProblemKind.Unreadable, $"the folder cannot be read: {exception.Message}");
        }
    }

    private void Entry(FileSystemInfo entry, string path, IReadOnlyList<IgnorePatterns> patterns, int depth)
    {
        // Two dots are the kubelet's own names in a mounted volume, and local mode's; a dot and a number sign are an editor's lock.
        if (
            entry.Name.StartsWith("..", StringComparison.Ordinal)
            || entry.Name.StartsWith(".#", StringComparison.Ordinal)
            || patterns.Any(pattern => pattern.Ignores(path))
        )
        {
            return;
        }

        if (Directory.Exists(path))
        {
            Folder(path, patterns, depth + 1);
        }
        else if (extensions.Contains(Path.GetExtension(path), StringComparer.Ordinal) && LeadsToFile(path))
        {
            Add(path, isNamed: false);
        }
    }

    // File.Exists is true for a link that leads nowhere.
    private static bool LeadsToFile(string path) => new FileInfo(RealPath.Of(path)) is { Exists: true, LinkTarget: null };

    private void Add(string path, bool isNamed)
    {
        var real = RealPath.Of(path);
        if (seen.Add(real))
        {
            files.Add(new(path, real, isNamed));
        }
    }

    private IgnorePatterns PatternsOf(string file)
    {
        var lines = FileText.Read(file)?.Split('\n').Select(line => line.Trim()).ToList() ?? [];
        for (var index = 0; index < lines.Count; index++)
        {
            if (IgnorePatterns.Objection(lines[index]) is { } objection)
            {
                problems.Add(new(file, new(index + 1, 1), $"'{lines[index]}' {objection}"));
                lines[index] = string.Empty;
            }
        }

        return new(Path.GetDirectoryName(file)!, lines);
    }

    private void Report(string path, ManifestProblemKind kind, string message) => problems.Add(new(path, new(1, 1), message, kind));
}
