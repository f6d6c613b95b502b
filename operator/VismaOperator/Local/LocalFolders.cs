namespace VismaOperator.Local;

/// <summary>Tells folders that some local mode writes from others, also where it ran with other options than now.</summary>
internal static class LocalFolders
{
    /// <summary>True for a state directory, and for the folder of one published Secret.</summary>
    public static bool AreOurs(string path) => SecretFolder.IsOurs(path) || StateDirectory.IsOne(path);
}
