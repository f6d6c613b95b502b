using VismaOperator.Api.Validation;

namespace VismaOperator.Hosting;

/// <summary>What a process works with, as its first log line says it.</summary>
internal static class StartWords
{
    /// <summary>The namespaces that are served.</summary>
    public static string Namespaces(IReadOnlyList<string> namespaces) => namespaces.Count == 0 ? "all" : string.Join(", ", namespaces);

    /// <summary>The issuers that may be contacted.</summary>
    public static string Issuers(AllowLists allowLists) =>
        string.Join(", ", allowLists.AllowedIssuers) + (allowLists.AllowInsecureIssuers ? " (plain http is accepted)" : string.Empty);
}
