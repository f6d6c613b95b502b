using System.Text.RegularExpressions;
using Kubernetes.Client;
using VismaOperator.Cli.Connect;
using VismaOperator.Consent.Flow;
using VismaOperator.Consent.Web;
using VismaOperator.Grants;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Consent;

/// <summary>
/// Every page that a person can meet stands in the documentation by its heading, with a picture. The pictures are those of
/// VismaOperator.IntegrationTests.
/// </summary>
public sealed partial class PagePictureTests
{
    private static readonly NamespacedName connection = new("integrations", "acme");

    public static TheoryData<string> Headings => [.. AllPages().Select(HeadingOf)];

    [Theory]
    [MemberData(nameof(Headings))]
    public void A_page_is_shown_in_the_documentation(string heading)
    {
        var shown = Regex.Match(
            File.ReadAllText(Repository.Path("docs", "interactive-connections.md")),
            $@"\[{Regex.Escape(heading)}\]\((?<file>images/[a-z-]+\.png)\)"
        );

        Assert.True(shown.Success, $"docs/interactive-connections.md does not show the page \"{heading}\"");
        Assert.True(File.Exists(Repository.Path("docs", shown.Groups["file"].Value)), $"{shown.Value} leads nowhere");
    }

    private static IEnumerable<Page> AllPages() =>
        [
            ConsentPages.Of(new ConsentAnswer.Granted(connection, GrantedBy: null, DateTimeOffset.UnixEpoch)),
            ConsentPages.Of(new ConsentAnswer.StoredSoon(connection)),
            .. Enum.GetValues<ConsentFailureCause>().Select(why => FailurePages.Of(new ConsentAnswer.Failed(why))),
            .. Enum.GetValues<RejectedRequest>().Select(FailurePages.Of),
            CallbackPages.Consented("integrations/acme"),
            CallbackPages.Failed("The cause."),
            CallbackPages.HandedOver,
            CallbackPages.Stopped,
            CallbackPages.Rejected,
            CallbackPages.NotFound,
        ];

    private static string HeadingOf(Page page) => Heading().Match(page.Body.Markup).Groups["text"].Value;

    [GeneratedRegex("<h1>(?<text>[^<]+)</h1>", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Heading();
}
