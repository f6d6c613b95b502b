using System.Text.Json;
using System.Text.Json.Nodes;

namespace VismaOperator.Local;

/// <summary>A JSON file of the state directory: written whole or not at all, and on the disk when the call returns.</summary>
internal static class KeptFile
{
    private const string NewSuffix = ".new";

    /// <summary>Writes or replaces it.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        UnixFiles.CreatePrivateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path + NewSuffix);
        UnixFiles.WriteNew(path + NewSuffix, content);
        UnixFiles.Rename(path + NewSuffix, path);
        UnixFiles.FlushDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Deletes it where it is there.</summary>
    public static void Delete(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
            UnixFiles.FlushDirectory(Path.GetDirectoryName(path)!);
        }
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="LocalException">It is damaged.</exception>
    public static JsonObject Read(string path)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new LocalException($"{path} is damaged. Delete it: what it kept is asked for again.", exception);
        }
    }
}
