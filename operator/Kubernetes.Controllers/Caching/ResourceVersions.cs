namespace Kubernetes.Controllers.Caching;

/// <summary>
/// Compares resource versions. They are decimal numbers that grow with every write
/// (<see href="https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions"/>), comparable within one kind. They are
/// compared without parsing, so no number is too large; as text, "9" would be newer than "10".
/// </summary>
internal static class ResourceVersions
{
    /// <summary>True when <paramref name="version"/> is newer. An unknown version (null or empty) is older than any other.</summary>
    public static bool IsNewer(string? version, string? than) => Compare(version, than) > 0;

    /// <summary>The newer one of two.</summary>
    public static string? Newer(string? left, string? right) => Compare(left, right) >= 0 ? left : right;

    private static int Compare(string? left, string? right)
    {
        var l = left.AsSpan().TrimStart('0');
        var r = right.AsSpan().TrimStart('0');
        return l.Length != r.Length ? l.Length.CompareTo(r.Length) : l.SequenceCompareTo(r);
    }
}
