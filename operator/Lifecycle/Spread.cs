namespace Lifecycle;

/// <summary>
/// A number in [0, 1) that belongs to an object for good, so that many objects spread and each keeps its place across restarts.
/// </summary>
public static class Spread
{
    /// <summary>FNV-1a over the identity, finished with a mix so that close names do not give close numbers.</summary>
    public static double Of(string identity)
    {
        var hash = 14695981039346656037UL;
        foreach (var character in identity)
        {
            hash = unchecked((hash ^ character) * 1099511628211UL);
        }

        hash = unchecked((hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL);
        hash = unchecked((hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53UL);
        return ((hash ^ (hash >> 33)) >> 11) / (double)(1UL << 53);
    }
}
