using System.Net;
using System.Net.Sockets;
using VismaOperator.Cli.Connect;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Connect;

/// <summary>Where the browser comes back to.</summary>
public sealed class RedirectTests
{
    [Fact]
    public async Task An_https_redirect_is_served_with_a_certificate_whose_fingerprint_the_terminal_tells()
    {
        await using var scene = await ConnectScene.OpenAsync();
        scene.Options = scene.Options with { RedirectUri = new Uri($"https://localhost:{FreePort.Take()}") };
        scene.Register();
        using var person = Person.WhoApproves(scene.Provider);

        Assert.IsType<ConsentResult.Consented>(await scene.ConnectAsync(person));

        Assert.Contains("<h1>Consent given</h1>", await person.Page, StringComparison.Ordinal);
        Assert.Contains($"SHA-256 fingerprint is {person.Fingerprint}.", scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Localhost_is_served_on_both_of_its_addresses()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "This machine has no IPv6.");
        await using var scene = await ConnectScene.OpenAsync();
        var port = scene.Options.RedirectUri.Port;
        using var person = Person.Who(
            async (person, page) =>
            {
                Assert.Equal(404, (await person.SendAsync(HttpMethod.Get, new Uri($"http://127.0.0.1:{port}/"))).Status);
                Assert.Equal(404, (await person.SendAsync(HttpMethod.Get, new Uri($"http://[::1]:{port}/"))).Status);
                return await person.GetAsync(
                    await scene.Provider.ApproveAsync(page, Person.Kari, Some.Tenant, TestContext.Current.CancellationToken)
                );
            }
        );

        Assert.IsType<ConsentResult.Consented>(await scene.ConnectAsync(person));
    }

    [Fact]
    public async Task The_longest_code_that_is_read_arrives_however_it_is_encoded()
    {
        await using var scene = await ConnectScene.OpenAsync();
        var code = string.Concat(Enumerable.Repeat("%2B", 4096));
        using var person = Person.Who(
            async (person, page) =>
            {
                var state = System.Web.HttpUtility.ParseQueryString(page.Query)["state"];
                return await person.GetAsync(
                    new Uri(
                        $"{scene.Options.RedirectUri}?code={code}"
                            + $"&iss={Uri.EscapeDataString(scene.Provider.Issuer.OriginalString)}&state={state}"
                    )
                );
            }
        );

        Assert.IsType<ConsentResult.Failed>(await scene.ConnectAsync(person));

        Assert.Contains("<h1>No consent</h1>", await person.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_mapped_to_this_machine_is_listened_for_and_said()
    {
        await using var scene = await ConnectScene.OpenAsync();
        var port = FreePort.Take();
        scene.Options = scene.Options with { RedirectUri = new Uri($"http://app.local:{port}/") };
        scene.Hosts = host => host == "app.local" ? [IPAddress.Loopback] : [];
        scene.Register();
        using var person = Person.Who(async (person, page) =>
        {
            var back = await scene.Provider.ApproveAsync(page, Person.Kari, Some.Tenant, TestContext.Current.CancellationToken);
            return await person.GetAsync(new UriBuilder(back) { Host = "127.0.0.1" }.Uri);
        });

        Assert.IsType<ConsentResult.Consented>(await scene.ConnectAsync(person));

        Assert.Contains($"app.local is this machine: listening on 127.0.0.1, port {port}.", scene.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("198.51.100.7", "is not this machine")]
    [InlineData(null, "does not resolve")]
    public async Task A_name_that_leads_elsewhere_is_refused_with_the_remedy(string? address, string cause)
    {
        await using var scene = await ConnectScene.OpenAsync();
        scene.Options = scene.Options with { RedirectUri = new Uri("https://app.local:8888/") };
        scene.Hosts = _ => address is null ? [] : [IPAddress.Parse(address)];

        var message = await scene.RefusalAsync();

        Assert.Contains(cause, message, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1 app.local", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost:8888", "is not an absolute http or https URL")]
    [InlineData("ftp://localhost/", "is not an absolute http or https URL")]
    [InlineData("http://app․local:8888/", "U+2024")]
    [InlineData("http://me@localhost:8888/", "user information")]
    [InlineData("http://localhost:8888/#top", "a query or a fragment")]
    public void An_unfit_redirect_URI_is_explained(string url, string cause) =>
        Assert.Contains(cause, RedirectTarget.ProblemIn(url), StringComparison.Ordinal);
}
