using VismaOperator.Consent.Web;

namespace VismaOperator.Cli.Dashboard;

/// <summary>Pages for a browser that may not see the dashboard.</summary>
internal static class DashboardPages
{
    private const string Again = "Stop visma-operator dashboard in its terminal with Ctrl-C and start it again: it shows a new address.";

    public static Page NotAdmitted { get; } = Of(
        StatusCodes.Status403Forbidden,
        "This browser is not let in",
        "Open the address that the terminal shows, all of it. It lets in the one browser that opens it first, until that is closed.",
        Again
    );

    public static Page UsedBefore { get; } = Of(
        StatusCodes.Status403Forbidden,
        "This address was used before",
        "It works once. If this browser was let in before, go back to the page that it showed.",
        Again
    );

    public static Page OtherHost { get; } = Of(
        StatusCodes.Status421MisdirectedRequest,
        "This name is not served here",
        "The dashboard answers to 127.0.0.1 and localhost with its port only.",
        "Open the address that the terminal shows."
    );

    public static Page NotFound { get; } = Of(StatusCodes.Status404NotFound, "There is nothing here", "Go back to the dashboard.");

    public static Page NoSuchMethod { get; } =
        Of(StatusCodes.Status405MethodNotAllowed, "The dashboard can only be read", "Nothing can be changed here.");

    public static Page TooEarly { get; } =
        Of(StatusCodes.Status503ServiceUnavailable, "Not yet", "The address lets a browser in when a person opens it.");

    public static Page TooMany { get; } =
        Of(StatusCodes.Status503ServiceUnavailable, "Too many pages", "Close some of the pages that show this dashboard.");

    public static Page Failed { get; } =
        Of(StatusCodes.Status500InternalServerError, "Something went wrong here", "The terminal says what it was. Load this page again.");

    private static Page Of(int status, string title, params string[] paragraphs) =>
        new(status, PageLayout.Of(title, Html.Of(paragraphs.Select(text => Html.Of($"<p>{text}</p>")))));
}
