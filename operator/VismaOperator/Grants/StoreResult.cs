namespace VismaOperator.Grants;

/// <summary>What became of the write of a pending grant.</summary>
internal abstract record StoreResult
{
    private StoreResult()
    {
    }

    /// <summary>It is stored.</summary>
    public sealed record Stored(GrantSnapshot Snapshot) : StoreResult;

    /// <summary>
    /// It is not wanted any more: another attempt or another consent has taken it, or its namespace is gone for good.
    /// </summary>
    public sealed record Dropped : StoreResult
    {
        /// <summary>True when it had been stored, by a write that got no answer, before another consent took its place.</summary>
        public bool WasStored { get; init; }
    }

    /// <summary>It waits in memory and is retried.</summary>
    public sealed record Pending(string Cause) : StoreResult;
}
