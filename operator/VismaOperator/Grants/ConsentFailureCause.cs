namespace VismaOperator.Grants;

/// <summary>Why a person who came to consent leaves without a grant. A closed set: its names are labels of metrics.</summary>
internal enum ConsentFailureCause
{
    /// <summary>
    /// The link or the answer belongs to nothing that is open. Never says what exists: it is also the answer to somebody who guesses.
    /// </summary>
    UnknownLink,

    /// <summary>The link was right and is too old.</summary>
    ExpiredLink,

    /// <summary>The connection or its client does not allow a consent now.</summary>
    NotPossible,

    /// <summary>The greatest number of attempts is open already.</summary>
    TooManyAttempts,

    /// <summary>The provider's answer cannot be read.</summary>
    Unreadable,

    /// <summary>The consent was begun in another browser.</summary>
    OtherBrowser,

    /// <summary>The person took too long at the provider.</summary>
    AttemptExpired,

    /// <summary>The answer is not that of the provider that was asked (RFC 9207).</summary>
    OtherProvider,

    /// <summary>The connection asks for something else than what was consented to.</summary>
    ConnectionChanged,

    /// <summary>Another consent for the connection was stored since this one was begun.</summary>
    Superseded,

    /// <summary>The person, or the provider on its behalf, said no.</summary>
    Denied,

    /// <summary>The consent is for another company, or does not say for which.</summary>
    OtherTenant,

    /// <summary>The consent gives more than was asked for, or than the client's owner allows.</summary>
    OtherScopes,

    /// <summary>The provider said that something is wrong, or gave nothing that can be used.</summary>
    ProviderFailed,

    /// <summary>The cluster cannot be reached at the moment.</summary>
    ClusterUnavailable,
}
