using System.Web;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Consent;

/// <summary>
/// One address, such as a proxy that all people share, has used up what it may ask. Who belongs to a link or an attempt is served all the
/// same; strangers cost the cluster nothing.
/// </summary>
public sealed class FloodTests
{
    [Fact]
    public async Task An_answer_that_belongs_to_an_attempt_is_served()
    {
        await using var scene = await ConsentScene.StartAsync();
        await using var flooded = await FloodedAsync(scene);
        var back = await scene.ConsentAsync();
        await flooded.UntilCurrentAsync();
        await FloodAsync(scene, flooded);

        var page = await scene.Browser.OpenAsync(flooded, back);

        Assert.Equal((200, "Your consent is stored"), (page.Status, page.Heading));
        await scene.Test.UntilReadyAsync();
    }

    [Fact]
    public async Task Every_answer_that_belongs_to_one_of_several_attempts_is_served()
    {
        await using var scene = await ConsentScene.StartAsync();
        await using var flooded = await FloodedAsync(scene);
        var other = scene.NewBrowser();
        var (mine, theirs) = (await scene.ConsentAsync(), await scene.ApproveAsync(await scene.BeginAsync(other), other));
        await flooded.UntilCurrentAsync();
        await FloodAsync(scene, flooded);

        Assert.Equal(200, (await scene.Browser.OpenAsync(flooded, mine)).Status);
        await flooded.UntilCurrentAsync();
        await FloodAsync(scene, flooded);
        Assert.Equal(409, (await other.OpenAsync(flooded, theirs)).Status);
    }

    [Fact]
    public async Task Everybody_who_holds_the_link_can_begin()
    {
        await using var scene = await ConsentScene.StartAsync();
        await using var flooded = await FloodedAsync(scene);
        var link = await scene.LinkAsync();
        await FloodAsync(scene, flooded);

        var offered = await scene.Browser.OpenAsync(flooded, link);
        await FloodAsync(scene, flooded);
        var begun = await scene.Browser.PressAsync(flooded, offered);

        Assert.Equal((200, 303), (offered.Status, begun.Status));
    }

    [Fact]
    public async Task A_stranger_costs_the_cluster_nothing()
    {
        await using var scene = await ConsentScene.StartAsync();
        await using var flooded = await FloodedAsync(scene);
        var (link, back) = (await scene.LinkAsync(), await scene.ConsentAsync());
        await scene.Test.UntilIdleAsync();
        await flooded.UntilCurrentAsync();
        var state = HttpUtility.ParseQueryString(back.Query)["state"]!;
        Uri[] tries =
        [
            back, // without the cookie
            new(back.AbsoluteUri.Replace(state, state[..^1] + (state[^1] == 'A' ? 'B' : 'A'), StringComparison.Ordinal)),
            new($"{ConsentScene.PublicUrl}/oauth2/callback"),
            new($"{link.GetLeftPart(UriPartial.Path)}?start={new string('A', 43)}"),
            new($"{ConsentScene.PublicUrl}/connect/nowhere/nothing?start={new string('A', 43)}"),
        ];

        foreach (var attack in tries)
        {
            Assert.Empty(await UntilRefusedAsync(scene, flooded, scene.NewBrowser(), attack));
        }

        Assert.Equal(200, (await scene.Browser.OpenAsync(flooded, back)).Status);
    }

    [Fact]
    public async Task Even_who_belongs_to_an_attempt_may_not_ask_without_end()
    {
        await using var scene = await ConsentScene.StartAsync();
        await using var flooded = await FloodedAsync(scene);
        var back = await scene.ConsentAsync();
        await flooded.UntilCurrentAsync();
        var wrong = new Uri(
            back.AbsoluteUri.Replace(
                Uri.EscapeDataString(scene.Test.Provider.Issuer.OriginalString),
                "https%3A%2F%2Fother.example.com",
                StringComparison.Ordinal
            )
        );

        Assert.Empty(await UntilRefusedAsync(scene, flooded, scene.Browser, wrong));
    }

    [Fact]
    public async Task The_metadata_of_the_grant_Secret_change_with_the_attempt()
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();
        Assert.Single((await MetadataAsync(scene)).Annotation(VismaNames.ConsentAttemptsAnnotation)!.Split(' '));

        await scene.ComeBackAsync(back);

        Assert.Null((await MetadataAsync(scene)).Annotation(VismaNames.ConsentAttemptsAnnotation));
    }

    private static Task<ConsentReplica> FloodedAsync(ConsentScene scene) =>
        ConsentReplica.StartAsync(scene.Test, options => options with { Burst = 1, PerSecond = 1 });

    private static Task FloodAsync(ConsentScene scene, ConsentReplica replica) =>
        UntilRefusedAsync(scene, replica, scene.NewBrowser(), new Uri($"{ConsentScene.PublicUrl}/nothing"));

    /// <summary>Asks until the budget of the address is used up, and says what the refused request asked the cluster for.</summary>
    private static async Task<IReadOnlyList<ResourceKind>> UntilRefusedAsync(
        ConsentScene scene,
        ConsentReplica replica,
        ConsentBrowser browser,
        Uri url
    )
    {
        while (true)
        {
            scene.Test.ForgetRequests();
            if ((await browser.OpenAsync(replica, url)).Status == 429)
            {
                return [.. scene.Test.Requests.Select(request => request.Kind)];
            }
        }
    }

    private static async Task<ObjectMeta> MetadataAsync(ConsentScene scene) =>
        (await scene.Test.FindAsync<Secret>(Some.Connection + AuthorizationSpec.GrantSecretSuffix))!.Metadata;
}
