using System.Text.Json;
using System.Text.Json.Nodes;
using VismaOperator.Api;

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

    /// <summary>Deletes it where it is there, with what a write that was cut off left beside it.</summary>
    public static void Delete(string path)
    {
        if (File.Exists(path) || File.Exists(path + NewSuffix))
        {
            File.Delete(path + NewSuffix);
            File.Delete(path);
            UnixFiles.FlushDirectory(Path.GetDirectoryName(path)!);
        }
    }

    /// <summary>True for the name of a file whose write was cut off, or is under way. It may hold a token or a code.</summary>
    public static bool IsHalfWritten(string path) => path.EndsWith(StateFiles.Extension + NewSuffix, StringComparison.Ordinal);

    /// <summary>Deletes what writes that were cut off left in a folder that nobody else writes in.</summary>
    public static void Sweep(string folder)
    {
        foreach (var left in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(IsHalfWritten).ToList())
        {
            File.Delete(left);
        }
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="LocalException">It is damaged.</exception>
    public static JsonObject Read(string path)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject ?? throw new JsonException("It is no JSON object.");
        }
        catch (Exception exception) when (exception is JsonException)
        {
            throw new LocalException($"{path} is damaged. {RemedyFor(path)}", exception);
        }
    }

    // A refresh token exists nowhere else.
    private static string RemedyFor(string path) =>
        path.EndsWith(AuthorizationSpec.GrantSecretSuffix + StateFiles.Extension, StringComparison.Ordinal)
            ? "Restore it from a backup if there is a recent one: it holds the refresh token of a consent. Without one, move it away; then "
                + "somebody has to consent again."
            : "Delete it: what it kept is asked for again.";
}
