using System.Globalization;
using Kubernetes.Client.Resources;

namespace VismaOperator.Local;

/// <summary>
/// One Secret as a folder, laid out as the kubelet lays out a mounted one: each key is a link to <c>..data/KEY</c>, and <c>..data</c> is a
/// link to a folder with one version of all files. Swapping that one link changes all keys at once. No link is ever followed while writing:
/// what has the name of a folder or a file is removed, not entered.
/// </summary>
internal sealed class SecretFolder(string path, TimeProvider time)
{
    private const string DataLink = "..data";
    private const string NewDataLink = "..data_new";
    private const string VersionPrefix = "..visma_"; // how a later process knows that the folder is ours

    /// <summary>True when a folder at that path was published by local mode.</summary>
    public static bool IsOurs(string path) =>
        new DirectoryInfo(Path.Combine(path, DataLink)).LinkTarget?.StartsWith(VersionPrefix, StringComparison.Ordinal) ?? false;

    /// <summary>Makes the folder hold exactly these files.</summary>
    /// <returns>True when something had to be written.</returns>
    public bool Publish(IReadOnlyDictionary<string, SecretValue> files)
    {
        if (IsIntact(files))
        {
            return false;
        }

        MakeDirectory(path);
        var version = WriteVersion(files);
        ReplaceLink(DataLink, version, NewDataLink);
        foreach (var key in files.Keys)
        {
            ReplaceLink(key, KeyTarget(key), NewDataLink);
        }

        RemoveAllBut(version, files);
        UnixFiles.FlushDirectory(path);
        return true;
    }

    /// <summary>Removes what was published. Files of others stay, and the folder with them.</summary>
    public void Remove()
    {
        foreach (var key in LinksToData())
        {
            File.Delete(key);
        }

        File.Delete(Path.Combine(path, DataLink));
        foreach (var version in Directory.EnumerateDirectories(path, VersionPrefix + "*"))
        {
            RemoveEntry(version);
        }

        if (!Directory.EnumerateFileSystemEntries(path).Any())
        {
            Directory.Delete(path);
        }
    }

    private static string KeyTarget(string key) => Path.Combine(DataLink, key);

    private static void MakeDirectory(string directory)
    {
        if (new DirectoryInfo(directory).LinkTarget is not null || File.Exists(directory))
        {
            File.Delete(directory);
        }

        UnixFiles.CreatePrivateDirectory(directory);
        if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(directory) != UnixFiles.PrivateDirectory)
        {
            File.SetUnixFileMode(directory, UnixFiles.PrivateDirectory);
        }
    }

    private static void RemoveEntry(string entry)
    {
        if (new DirectoryInfo(entry) is { LinkTarget: null, Exists: true } directory)
        {
            directory.Delete(recursive: true); // deletes links in it, never what they point at
        }
        else
        {
            File.Delete(entry);
        }
    }

    private static bool HoldsPrivately(string file, SecretValue value)
    {
        var info = new FileInfo(file);
        return info.Exists
            && info.LinkTarget is null
            && (OperatingSystem.IsWindows() || info.UnixFileMode == UnixFiles.PrivateFile)
            && info.Length == value.Length
            && value.Reveal().SequenceEqual(File.ReadAllBytes(file));
    }

    private bool IsIntact(IReadOnlyDictionary<string, SecretValue> files)
    {
        var folder = new DirectoryInfo(path);
        if (!IsPrivate(folder) || !IsOurs(path) || !IsPrivate(new DirectoryInfo(VersionPath())))
        {
            return false;
        }

        return files.All(file =>
                LinkOf(file.Key) == KeyTarget(file.Key) && HoldsPrivately(Path.Combine(VersionPath(), file.Key), file.Value)
            )
            && LinksToData().Count() == files.Count;
    }

    private static bool IsPrivate(DirectoryInfo directory) =>
        directory.Exists
        && directory.LinkTarget is null
        && (OperatingSystem.IsWindows() || directory.UnixFileMode == UnixFiles.PrivateDirectory);

    // The link's target is our own name, checked by its prefix; a separator in it could still lead elsewhere.
    private string VersionPath() => Path.Combine(path, Path.GetFileName(LinkOf(DataLink)!));

    private string? LinkOf(string name) => new FileInfo(Path.Combine(path, name)).LinkTarget;

    private IEnumerable<string> LinksToData() =>
        Directory.EnumerateFileSystemEntries(path).Where(entry => new FileInfo(entry).LinkTarget == KeyTarget(Path.GetFileName(entry)));

    private string WriteVersion(IReadOnlyDictionary<string, SecretValue> files)
    {
        var stamp = time.GetUtcNow().ToString("yyyy_MM_dd_HH_mm_ss.fffffff", CultureInfo.InvariantCulture);
        var name = VersionPrefix + stamp;
        while (Path.Exists(Path.Combine(path, name)))
        {
            name += "_"; // the clock was set back: what a reader may have open now is never written into
        }

        var folder = Path.Combine(path, name);
        UnixFiles.CreatePrivateDirectory(folder);
        foreach (var (key, value) in files)
        {
            UnixFiles.WriteNew(Path.Combine(folder, key), value.Reveal());
        }

        UnixFiles.FlushDirectory(folder);
        return name;
    }

    private void ReplaceLink(string name, string target, string temporaryName)
    {
        var link = Path.Combine(path, name);
        if (LinkOf(name) == target)
        {
            return;
        }

        if (new DirectoryInfo(link) is { Exists: true, LinkTarget: null })
        {
            RemoveEntry(link); // a folder in the way of a link: rename(2) does not replace it
        }

        var temporary = Path.Combine(path, temporaryName);
        RemoveEntry(temporary);
        File.CreateSymbolicLink(temporary, target);
        UnixFiles.Rename(temporary, link);
    }

    private void RemoveAllBut(string version, IReadOnlyDictionary<string, SecretValue> files)
    {
        foreach (
            var old in Directory.EnumerateFileSystemEntries(path, VersionPrefix + "*").Where(entry => Path.GetFileName(entry) != version)
        )
        {
            RemoveEntry(old);
        }

        foreach (var stale in LinksToData().Where(entry => !files.ContainsKey(Path.GetFileName(entry))))
        {
            File.Delete(stale);
        }
    }
}
