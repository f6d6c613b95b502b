namespace VismaOperator.Hosting;

/// <summary>The caches and controllers of the operator, as the host starts and stops them.</summary>
internal interface IControllerSet
{
    /// <summary>Informers and everything else that feeds the stores. They run on every replica, leading or not.</summary>
    IReadOnlyList<BackgroundLoop> Caches { get; }

    /// <summary>True once every cache has listed; the replica is ready from then on.</summary>
    bool HasSynced { get; }

    /// <summary>Controllers. They run while this replica leads, and drain when cancelled.</summary>
    IReadOnlyList<BackgroundLoop> Controllers { get; }

    /// <summary>What answers people. They run on every replica from the start, and finish what was begun when cancelled.</summary>
    IReadOnlyList<BackgroundLoop> Servers { get; }

    /// <summary>
    /// Stores what was issued and is not stored yet. Called after controllers and servers have drained. It tries until the deadline, and
    /// logs what is lost.
    /// </summary>
    Task FlushAsync(CancellationToken deadline);

    /// <summary>Waits until every cache has listed.</summary>
    Task WaitUntilSyncedAsync(CancellationToken cancellationToken);

    /// <summary>Brings the caches up to the last writes of another replica, also those that the watches have not delivered yet.</summary>
    Task CatchUpAsync(CancellationToken cancellationToken);
}
