namespace VismaOperator.IntegrationTests.Support;

/// <summary>Where a process is killed.</summary>
internal enum KillPoint
{
    /// <summary>About to write the intent.</summary>
    BeforeIntent,

    /// <summary>The intent is written, and nothing is sent.</summary>
    AfterIntent,

    /// <summary>The request is with the provider, which processes it once the process is dead.</summary>
    Sent,

    /// <summary>The provider has processed the request, and the answer finds nobody.</summary>
    Processed,

    /// <summary>The answer is there, and not stored.</summary>
    BeforeStore,

    /// <summary>Stored, and nothing published.</summary>
    AfterStore,

    /// <summary>Published, and no status.</summary>
    AfterPublish,

    /// <summary>About to write status.</summary>
    BeforeStatus,

    /// <summary>Status is written.</summary>
    AfterStatus,

    /// <summary>The provider has processed a code, and the answer finds nobody.</summary>
    RedemptionProcessed,

    /// <summary>The new grant is there, and not stored.</summary>
    RedemptionBeforeStore,

    /// <summary>The new grant is stored, and nothing published.</summary>
    RedemptionAfterStore,
}

/// <summary>What is known of the points.</summary>
internal static class KillPoints
{
    /// <summary>All of them, in the order of an exchange.</summary>
    public static IReadOnlyList<KillPoint> All { get; } = Enum.GetValues<KillPoint>();

    /// <summary>True for those that a consent passes, rather than an exchange.</summary>
    public static bool IsOfRedemption(this KillPoint point) => point >= KillPoint.RedemptionProcessed;
}
