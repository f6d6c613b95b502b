namespace VismaOperator.Grants;

/// <summary>What became of a successor.</summary>
internal abstract record Storage
{
    private Storage()
    {
    }

    /// <summary>It is stored.</summary>
    public sealed record Stored(GrantSnapshot Snapshot) : Storage;

    /// <summary>Another attempt or another consent has taken its place; it was dropped.</summary>
    public sealed record Superseded : Storage;

    /// <summary>It waits in memory and is tried further.</summary>
    public sealed record Pending(string Cause) : Storage;
}
