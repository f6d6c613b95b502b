using VismaOperator.Consent.Web;

namespace VismaOperator.Cli.Connect;

/// <summary>The pages that the browser shows after it came back to the terminal. They repeat nothing of the request.</summary>
internal static class CallbackPages
{
    /// <summary>The page for an answer that is none, or belongs to no request of this terminal.</summary>
    public static Page Rejected { get; } =
        Saying(
            StatusCodes.Status400BadRequest,
            "This answer cannot be used",
            "It belongs to no consent that this terminal waits for. Go on in the window that the terminal opened, or run the command again."
        );

    /// <summary>The page while the operator has the code and nothing is known yet.</summary>
    public static Page HandedOver { get; } =
        Saying(
            StatusCodes.Status200OK,
            "Nearly done",
            "The code has arrived and waits for the operator. The terminal says how it ends; this window can be closed."
        );

    /// <summary>The page when the terminal was stopped.</summary>
    public static Page Stopped { get; } =
        Saying(StatusCodes.Status200OK, "The terminal waits no more", "The command was stopped before it ended. Run it again to consent.");

    /// <summary>The page where there is nothing.</summary>
    public static Page NotFound { get; } =
        Saying(StatusCodes.Status404NotFound, "Nothing here", "A terminal waits on this port for the end of a consent.");

    /// <summary>The consent is stored.</summary>
    public static Page Consented(string connection) =>
        Saying(StatusCodes.Status200OK, "Consent given", $"{connection} may now act for you. This window can be closed.");

    /// <summary>There is no consent, and why.</summary>
    public static Page Failed(string cause) =>
        Saying(StatusCodes.Status200OK, "No consent", $"{cause} The terminal says the same; this window can be closed.");

    private static Page Saying(int status, string title, string text) => new(status, PageLayout.Of(title, Html.Of($"<p>{text}</p>")));
}
