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
    public async Task The_page_of_status_is_up_to_date()
    {
        var expected = await PageAsync();
        var file = Repository.Path("docs", "reference", "status.md");
        if (Environment.GetEnvironmentVariable("WRITE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(file, expected, TestContext.Current.CancellationToken);
            return;
        }

        Assert.True(
            File.Exists(file) && await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken) == expected,
            "docs/reference/status.md is not what status says: run `make docs`, look at the difference and commit it."
        );
    }

    private static async Task<string> PageAsync()
    {
        var page = new StringBuilder();
        page.Append("# What `status` says\n\n<!-- Written by `make docs` from the situations of StatusPageTests. -->\n\n");
        page.Append("How to use it: [status](../status.md). It is 12:00 on 2026-11-30 in all that follows; messages are shortened.\n\n");
        page.Append("## The list\n\n");
        page.Append(Block(await SayAsync(new StatusOptions(), [.. Situations.All])));
        page.Append("\n## With `-o wide`\n\n");
        page.Append(Block(await SayAsync(new StatusOptions { Output = StatusOutput.Wide }, Situations.All[1], Situations.All[3])));
        page.Append("\n## With `--expiring-within 30d`\n\n");
        page.Append(Block(await SayAsync(new StatusOptions { ExpiringWithin = TimeSpan.FromDays(30) }, [.. Situations.All])));
        page.Append("\n## One object\n");
        foreach (var situation in Situations.All)
        {
            page.Append($"\n### {situation.Title}\n\n");
            page.Append(Block(await SayAsync(OneOf(situation), situation)));
        }

        page.Append("\n## One object as JSON\n\n");
        page.Append(Block(await SayAsync(OneOf(Situations.All[1]) with { Output = StatusOutput.Json }, Situations.All[1])));
        page.Append("\n## The same as YAML\n\n");
        page.Append(Block(await SayAsync(OneOf(Situations.All[1]) with { Output = StatusOutput.Yaml }, Situations.All[1])));
        return page.ToString();
    }

    private static StatusOptions OneOf(Situation situation) =>
        new()
        {
            Name = situation.Subject.Metadata.Name,
            Kind = situation.Subject is VismaConnection ? VismaConnection.ResourceKind : OAuthClient.ResourceKind,
        };

    private static async Task<string> SayAsync(StatusOptions options, params Situation[] situations)
    {
        var client = situations is [{ Subject: VismaConnection } one] ? one.Client : null;
        IResource[] beside = client is null ? [] : [client];
        using var scene = new StatusScene([.. situations.Select(situation => situation.Subject), .. beside]);
        await scene.RunAsync(options);
        return scene.Output;
    }

    private static string Block(string text) => $"```text\n{text.ReplaceLineEndings("\n").TrimEnd()}\n```\n";
}
