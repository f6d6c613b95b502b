namespace VismaOperator.Consent.Web;

/// <summary>Why a request to the consent pages is not looked at.</summary>
internal enum RequestRefusal
{
    /// <summary>The caches are not filled yet.</summary>
    NotReady,

    /// <summary>Nothing is served at that path.</summary>
    NoSuchPage,

    /// <summary>The path is right, the method is not.</summary>
    NoSuchMethod,

    /// <summary>A form that another site sent.</summary>
    OtherSite,

    /// <summary>No form, or one that is too large.</summary>
    Unreadable,

    /// <summary>The address has asked too often.</summary>
    TooMany,

    /// <summary>A bug.</summary>
    Failed,
}
