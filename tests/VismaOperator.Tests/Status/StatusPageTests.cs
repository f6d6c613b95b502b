using System.Text;
using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Cli.Status;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Status;

/// <summary>Every situation and what <c>status</c> says of it, as one page that people read and reviewers compare.</summary>
public sealed class StatusPageTests
{
    [Fact]
    [Trait("Category", "Docs")]
    public async Task The_page_of_status_is_up_to_date() =>
        await Captures.ComparePageAsync(Repository.Path("docs", "reference", "status.md"), await PageAsync());

    [Fact]
    [Trait("Category", "Docs")]
    public async Task The_captures_in_the_page_for_users_are_up_to_date()
    {
        string[] titles =
        [
            "All is well",
            "The provider is down, the token is valid",
            "The company has not approved the application",
            "A client secret expires soon",
            "Nobody has consented yet",
        ];
        Situation[] listed = [.. Situations.All.Where(situation => titles.Contains(situation.Title))];
        var refused = listed.Single(situation => situation.Title == titles[2]);
        await Captures.CompareAsync(
            Repository.Path("docs", "status.md"),
            [
                ("list", () => SayAllAsync(new StatusOptions(), listed)),
                ("expiring", () => SayAllAsync(new StatusOptions { ExpiringWithin = TimeSpan.FromDays(30) }, listed)),
                ("one", () => SayAsync(OneOf(refused), refused)),
                ("json", () => SayAsync(OneOf(refused) with { Output = StatusOutput.Json }, refused)),
            ]
        );
    }

    private static async Task<string> PageAsync()
    {
        var page = new StringBuilder();
        page.Append("# What `status` says\n\n<!-- Written by `make docs` from tests/VismaOperator.Tests/Status/Situations.cs. -->\n\n");
        page.Append("How to use it: [status](../status.md). It is 12:00 on 2026-11-30 in all that follows; messages are shortened.\n\n");
        page.Append("## The list\n\n");
        page.Append(Captures.Block(await SayAsync(new StatusOptions(), [.. Situations.All])));
        page.Append("\n## With `-o wide`\n\n");
        page.Append(Captures.Block(await SayAsync(new StatusOptions { Output = StatusOutput.Wide }, Situations.All[1], Situations.All[3])));
        page.Append("\n## With `--expiring-within 30d`\n\n");
        page.Append(Captures.Block(await SayAsync(new StatusOptions { ExpiringWithin = TimeSpan.FromDays(30) }, [.. Situations.All])));
        page.Append("\n## One object\n");
        foreach (var situation in Situations.All)
        {
            page.Append($"\n### {situation.Title}\n\n");
            page.Append(Captures.Block(await SayAsync(OneOf(situation), situation)));
        }

        page.Append("\n## One object as JSON\n\n");
        page.Append(Captures.Block(await SayAsync(OneOf(Situations.All[1]) with { Output = StatusOutput.Json }, Situations.All[1])));
        page.Append("\n## The same as YAML\n\n");
        page.Append(Captures.Block(await SayAsync(OneOf(Situations.All[1]) with { Output = StatusOutput.Yaml }, Situations.All[1])));
        return page.ToString();
    }

    private static StatusOptions OneOf(Situation situation) =>
        new()
        {
            Name = situation.Subject.Metadata.Name,
            Kind = StatusView.KindOf(situation.Subject),
        };

    private static async Task<string> SayAsync(StatusOptions options, params Situation[] situations)
    {
        var client = situations is [{ Subject: VismaConnection } one] ? one.Client : null;
        IResource[] beside = client is null ? [] : [client];
        using var scene = new StatusScene([.. situations.Select(situation => situation.Subject), .. beside]);
        await scene.RunAsync(options);
        return scene.Output;
    }

    // With what goes to standard error.
    private static async Task<string> SayAllAsync(StatusOptions options, Situation[] situations)
    {
        using var scene = new StatusScene([.. situations.Select(situation => situation.Subject)]);
        await scene.RunAsync(options);
        return scene.Output + scene.Error;
    }
}
