using System.Reflection;

namespace VismaOperator.Hosting;

/// <summary>What this executable calls itself.</summary>
internal static class Product
{
    /// <summary>Version and commit, as the build recorded them.</summary>
    public static string Version { get; } =
        typeof(Product).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
