using System.Reflection;
using VismaOperator.Api.Validation;

namespace VismaOperator.Hosting;

/// <summary>What this executable calls itself.</summary>
internal static class Product
{
    /// <summary>Name of the executable.</summary>
    public const string Name = "visma-operator";

    private const string VariablePrefix = "VISMA_OPERATOR_";
    private const string PluginFile = "kubectl-visma"; // kubectl runs it for "kubectl visma"

    /// <summary>What a person types to run an executable.</summary>
    /// <param name="executable">Its path, as it was called; null when that is unknown.</param>
    public static string Called(string? executable) => Path.GetFileNameWithoutExtension(executable) == PluginFile ? "kubectl visma" : Name;

    /// <summary>The variable that stands in for an option.</summary>
    /// <param name="word">The word of the option, without dashes.</param>
    public static string VariableOf(string word) => VariablePrefix + word.ToUpperInvariant().Replace('-', '_');

    /// <summary>The path by which this process was called. A link keeps its own name, which the runtime has resolved by now.</summary>
    public static string? CalledPath()
    {
        const string CommandLine = "/proc/self/cmdline"; // Linux
        return File.Exists(CommandLine) ? File.ReadAllText(CommandLine).Split('\0')[0] : Environment.ProcessPath;
    }

    /// <summary>Version and commit, as the build recorded them.</summary>
    public static string Version { get; } =
        typeof(Product).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}

/// <summary>What a process works with, as its first log line says it.</summary>
internal static class StartWords
{
    /// <summary>The namespaces that are served.</summary>
    public static string Namespaces(IReadOnlyList<string> namespaces) => namespaces.Count == 0 ? "all" : string.Join(", ", namespaces);

    /// <summary>The issuers that may be contacted.</summary>
    public static string Issuers(AllowLists allowLists) =>
        string.Join(", ", allowLists.AllowedIssuers) + (allowLists.AllowInsecureIssuers ? " (plain http is accepted)" : string.Empty);
}
