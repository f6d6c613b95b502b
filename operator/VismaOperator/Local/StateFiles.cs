using Kubernetes.Client;

namespace VismaOperator.Local;

/// <summary>
/// Where in a state directory what lies, for local mode and for <c>connect</c>, which reads along. What is in the files:
/// <see cref="KeptFile"/>.
/// </summary>
internal static class StateFiles
{
    /// <summary>Name of the folder with codes that wait.</summary>
    public const string HandoffFolder = "handoffs";

    /// <summary>Ending of the files.</summary>
    public const string Extension = ".json";

    /// <summary>Pattern of the files.</summary>
    public const string Pattern = "*" + Extension;

    /// <summary>What is added to the name of a code's file by local mode as it takes the code.</summary>
    public const string TakenSuffix = ".taken";

    /// <summary>What is added to the name of a code's file by <c>connect</c> as it takes the code back.</summary>
    public const string WithdrawnSuffix = ".withdrawn";

    /// <summary>The file of an object.</summary>
    public static string Of(string state, ResourceKind kind, NamespacedName name) => InFolder(state, kind.Plural, name);

    /// <summary>The file that hands the code for a connection to local mode.</summary>
    public static string Handoff(string state, NamespacedName connection) => InFolder(state, HandoffFolder, connection);

    private static string InFolder(string state, string folder, NamespacedName name) =>
        Path.Combine(state, folder, SafeNames.Directory(name.Namespace), SafeNames.Directory(name.Name) + Extension);
}
