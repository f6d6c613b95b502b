using VismaOperator.Consent.Flow;
using VismaOperator.Grants;

namespace VismaOperator.Consent.Web;

/// <summary>The pages for those who leave without a grant: the cause in the heading, and what to do below.</summary>
internal static class FailurePages
{
    private const string OpenAgain = "Open the link again and start over.";

    public static Page Of(ConsentAnswer.Failed failed)
    {
        var (status, title, text) = Words(failed.Why);
        return Saying(status, title, text, failed.Detail);
    }

    /// <summary>The page of a request that was not looked at.</summary>
    public static Page Of(RejectedRequest rejected)
    {
        var (status, title, text) = Words(rejected);
        return Saying(status, title, text, detail: null);
    }

    private static Page Saying(int status, string title, string text, string? detail) =>
        new(status, PageLayout.Of(title, Html.Of($"<p>{text}</p>{(detail is null ? default : Html.Of($"\n<p>{detail}</p>"))}")));

    private static (int Status, string Title, string Text) Words(ConsentFailureCause why) =>
        why switch
        {
            ConsentFailureCause.UnknownLink => (
                StatusCodes.Status404NotFound,
                "This link does not work",
                "It is unknown here, or it has been used already. If a consent is still needed, ask the sender for the current link: it "
                + "is in the status of the connection."
            ),
            ConsentFailureCause.ExpiredLink => (
                StatusCodes.Status410Gone,
                "This link has expired",
                "A link works for 24 hours. Ask the sender for the new one: it is in the status of the connection."
            ),
            ConsentFailureCause.NotPossible => (
                StatusCodes.Status409Conflict,
                "A consent is not possible now",
                "Nothing was stored. Send the text below to the person who sent you the link."
            ),
            ConsentFailureCause.TooManyAttempts => (
                StatusCodes.Status409Conflict,
                "Too many consents are under way",
                "Nothing was started. Others have pressed the button for this connection and have not come back yet. Open the link "
                + "again in ten minutes. If that does not help, tell the sender: the link may have reached people it was not meant for."
            ),
            ConsentFailureCause.Unreadable => (
                StatusCodes.Status400BadRequest,
                "This is not an answer of the provider",
                $"Nothing was stored. {OpenAgain}"
            ),
            ConsentFailureCause.OtherBrowser => (
                StatusCodes.Status403Forbidden,
                "This consent was begun in another browser",
                "Nothing was stored. If you began it yourself, your browser did not keep the cookie: allow cookies for this site. "
                + $"{OpenAgain} If somebody sent you to this address, do not follow it: it would have given them access in your name."
            ),
            ConsentFailureCause.AttemptExpired => (
                StatusCodes.Status410Gone,
                "That took too long",
                $"Nothing was stored, since an answer counts for ten minutes only. {OpenAgain}"
            ),
            ConsentFailureCause.OtherProvider => (
                StatusCodes.Status403Forbidden,
                "This is the answer of another provider",
                $"Nothing was stored, since the answer does not come from the provider that you were sent to. {OpenAgain} If it happens "
                + "again, tell the person who sent you the link."
            ),
            ConsentFailureCause.ConnectionChanged => (
                StatusCodes.Status409Conflict,
                "The connection was changed meanwhile",
                $"Nothing was stored, since the connection no longer asks for what you consented to. {OpenAgain}"
            ),
            ConsentFailureCause.Superseded => (
                StatusCodes.Status409Conflict,
                "Another consent was stored first",
                "Nothing of yours was stored: since you pressed the button, a consent for the same connection was stored, and that one "
                + "counts. If you did not expect it, or if yours should replace it, tell the person who sent you the link."
            ),
            ConsentFailureCause.Denied => (
                StatusCodes.Status403Forbidden,
                "The consent was refused",
                "Nothing was stored, and the connection is as it was before. If that is not what you wanted: "
                + $"{char.ToLowerInvariant(OpenAgain[0])}{OpenAgain[1..]}"
            ),
            ConsentFailureCause.OtherTenant => (
                StatusCodes.Status409Conflict,
                "This consent is not for the right company",
                $"Nothing was stored. {OpenAgain}"
            ),
            ConsentFailureCause.OtherScopes => (
                StatusCodes.Status409Conflict,
                "This consent gives more than was asked for",
                $"Nothing was stored. {OpenAgain} If it happens again, send the text below to the person who sent you the link."
            ),
            ConsentFailureCause.ProviderFailed => (
                StatusCodes.Status502BadGateway,
                "The provider did not give access",
                "Nothing was stored. Send the text below to the person who sent you the link."
            ),
            ConsentFailureCause.ClusterUnavailable => (
                StatusCodes.Status503ServiceUnavailable,
                "This does not work at the moment",
                $"The cluster does not answer. {OpenAgain} If it still does not work in a few minutes, "
                + "tell the person who sent you the link."
            ),
            _ => throw new InvalidOperationException($"There are no words for {why}."),
        };

    private static (int Status, string Title, string Text) Words(RejectedRequest rejected) =>
        rejected switch
        {
            RejectedRequest.NotReady => (
                StatusCodes.Status503ServiceUnavailable,
                "The operator is starting",
                "Load this page again in a few seconds."
            ),
            RejectedRequest.NoSuchPage => (
                StatusCodes.Status404NotFound,
                "There is no such page",
                "Open the link exactly as it was sent to you."
            ),
            RejectedRequest.NoSuchMethod => (
                StatusCodes.Status405MethodNotAllowed,
                "This page cannot be used in this way",
                "Open the link in a browser, as it was sent to you."
            ),
            RejectedRequest.OtherSite => (
                StatusCodes.Status403Forbidden,
                "This was sent by another site",
                "Nothing was begun. Open the link as it was sent to you, in a current browser, and press the button there."
            ),
            RejectedRequest.Unreadable => (
                StatusCodes.Status400BadRequest,
                "This request cannot be read",
                "Open the link exactly as it was sent to you."
            ),
            RejectedRequest.TooMany => (
                StatusCodes.Status429TooManyRequests,
                "Too many requests",
                "Many requests came from your network. Load this page again in a few seconds."
            ),
            RejectedRequest.Failed => (
                StatusCodes.Status500InternalServerError,
                "Something went wrong here",
                $"The cause is in the operator's log. {OpenAgain} If it happens again, tell the person who sent you the link."
            ),
            _ => throw new InvalidOperationException($"There are no words for {rejected}."),
        };
}

/// <summary>Why a request to the consent pages is not looked at.</summary>
internal enum RejectedRequest
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
