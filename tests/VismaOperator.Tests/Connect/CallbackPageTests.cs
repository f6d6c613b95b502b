using VismaOperator.Cli.Connect;
using VismaOperator.Tests.Consent;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Connect;

/// <summary>The terminal's page is one of the pages that the operator serves.</summary>
public sealed class CallbackPageTests
{
    // What differs with the moment, the length, and a terminal that is done.
    private static readonly string[] ofTheMoment = ["Date", "Content-Length", "Transfer-Encoding", "Connection"];

    [Fact]
    public async Task It_bears_the_headers_of_the_consent_pages_and_no_others()
    {
        await using var operators = await ConsentScene.StartAsync(new Uri("http://operator.example.com"));
        await using var terminals = await ConnectScene.OpenAsync();
        var visit = new TaskCompletionSource<Visit>();
        using var person = Person.Who(
            async (person, page) =>
            {
                visit.SetResult(
                    await person.SendAsync(
                        HttpMethod.Get,
                        await terminals.Provider.ApproveAsync(page, Person.Kari, Some.Tenant, TestContext.Current.CancellationToken)
                    )
                );
                return string.Empty;
            }
        );

        var ofTheOperator = await operators.ComeBackAsync(await operators.ConsentAsync());
        Assert.IsType<ConsentResult.Consented>(await terminals.ConnectAsync(person));

        Assert.Equal("Your consent is stored", ofTheOperator.Heading);
        Assert.Equal("Consent given", (await visit.Task).Heading);
        Assert.Equal(HeadersOf(ofTheOperator), HeadersOf(await visit.Task));
    }

    [Fact]
    public async Task Nothing_that_it_says_becomes_markup()
    {
        await using var scene = await ConnectScene.OpenAsync();
        using var person = Person.Who(
            async (person, page) =>
            {
                var state = System.Web.HttpUtility.ParseQueryString(page.Query)["state"];
                return await person.GetAsync(
                    new Uri(
                        $"{scene.Options.RedirectUri}?error=server_error&error_description=%3Cimg%20src=x%3E"
                            + $"&iss={Uri.EscapeDataString(scene.Provider.Issuer.OriginalString)}&state={state}"
                    )
                );
            }
        );

        Assert.Contains("<img", Assert.IsType<ConsentResult.Failed>(await scene.ConnectAsync(person)).Message, StringComparison.Ordinal);

        Assert.Contains("&lt;img src=x&gt;", await person.Page, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", await person.Page, StringComparison.Ordinal);
    }

    private static IEnumerable<string> HeadersOf(Visit visit) =>
        visit
            .Headers.Keys.Except(ofTheMoment, StringComparer.OrdinalIgnoreCase)
            .Order(StringComparer.Ordinal)
            .Select(name => $"{name}: {visit.Header(name)}");
}
