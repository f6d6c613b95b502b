using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace VismaOperator.ChartTests.Support;

/// <summary>
/// What the real kubectl makes of a text. A dry run of the client asks a server for nothing but the kinds that it has, which a few fixed
/// answers give.
/// </summary>
internal sealed class KubectlDryRun : IAsyncDisposable
{
    // An object without apiVersion is the fault of the text.
    private static readonly Regex unknownKind = new("no matches for kind \".*\" in version \"[^\"]", RegexOptions.CultureInvariant);

    // Every second file is a mark.
    private static readonly Regex fileOfText = new(
        @"/case(?<index>\d+)\.yaml\b",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    );

    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, List<ServedKind>> served = [];

    private KubectlDryRun()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapGet("/{run}/api", (string run) => Versions(run));
        app.MapGet("/{run}/apis", (string run) => Groups(run));
        app.MapGet("/{run}/api/{version}", (string run, string version) => Kinds(run, version));
        app.MapGet("/{run}/apis/{version}", (string run, string version) => Kinds(run, Unescaped(version))); // of the core, but not v1
        app.MapGet(
            "/{run}/apis/{group}/{version}",
            (string run, string group, string version) => Kinds(run, Unescaped($"{group}/{version}"))
        );
    }

    /// <summary>The kinds that every server has which this operator works with.</summary>
    public static IReadOnlyList<ServedKind> UsualKinds { get; } =
    [
        new("v1", "Secret"), new("visma-operator.io/v1", "VismaConnection"), new("visma-operator.io/v1", "OAuthClient"),
    ];

    public static async Task<KubectlDryRun> StartAsync(CancellationToken cancellationToken)
    {
        var server = new KubectlDryRun();
        await server.app.StartAsync(cancellationToken);
        return server;
    }

    /// <summary>
    /// The objects that kubectl reads, and whether it refuses anything of the text; null where the server lacks a kind of the text, into
    /// which kubectl does not look then.
    /// </summary>
    /// <param name="text">A manifest.</param>
    /// <param name="kinds">What the server has.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<JsonObject?> AnswerAsync(string text, IEnumerable<ServedKind> kinds, CancellationToken cancellationToken)
    {
        var (exitCode, output, told) = await RunAsync([text], kinds, cancellationToken);
        if (unknownKind.IsMatch(told))
        {
            return null;
        }

        // That nothing was given is no answer to the text: kubectl takes it beside another file.
        var refused = exitCode != 0 && told.Trim() != "error: no objects passed to create";
        return new JsonObject { ["refused"] = refused, ["objects"] = new JsonArray([.. Objects(output)]) };
    }

    /// <summary>
    /// The answers to many texts, one for each, by one run of kubectl: it goes on after a file that it refuses something of, and names it.
    /// Without elements where it names none.
    /// </summary>
    public async Task<IReadOnlyList<JsonObject>> AnswersAsync(
        IReadOnlyList<string> texts,
        IEnumerable<ServedKind> kinds,
        CancellationToken cancellationToken
    )
    {
        const string Mark = "marks-the-next-text";
        var mark = $"{{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": {{\"name\": \"{Mark}\"}} }}";
        var (exitCode, output, told) = await RunAsync([.. texts.SelectMany(text => (string[])[mark, text])], kinds, cancellationToken);
        var refused = fileOfText
            .Matches(told)
            .Select(match => int.Parse(match.Groups["index"].Value, CultureInfo.InvariantCulture))
            .ToHashSet();
        if (unknownKind.IsMatch(told) || (exitCode != 0 && refused.Count == 0))
        {
            return [];
        }

        var answers = new List<JsonObject>();
        foreach (var item in Objects(output))
        {
            if (item?["metadata"]?["name"] is JsonValue name && name.TryGetValue<string>(out var given) && given == Mark)
            {
                answers.Add(
                    new JsonObject { ["refused"] = refused.Contains((answers.Count * 2) + 1), ["objects"] = new JsonArray() }
                );
            }
            else
            {
                answers[^1]["objects"]!.AsArray().Add(item);
            }
        }

        return answers;
    }

    private async Task<(int ExitCode, string Output, string Told)> RunAsync(
        IReadOnlyList<string> texts,
        IEnumerable<ServedKind> kinds,
        CancellationToken cancellationToken
    )
    {
        var folder = Directory.CreateTempSubdirectory("visma-operator-kubectl-");
        served[folder.Name] = [.. kinds];
        try
        {
            var errors = Path.Combine(folder.FullName, "errors");
            var files = texts.Select((_, index) => Path.Combine(folder.FullName, $"case{index}.yaml")).ToList();
            foreach (var (file, text) in files.Zip(texts))
            {
                await File.WriteAllTextAsync(file, text, cancellationToken);
            }

            // Standard error would sometimes be mixed into the objects.
            var (exitCode, output) = await Tool.Shell.TryAsync([
                "-c",
                "errors=$1; shift; exec \"$0\" \"$@\" 2>\"$errors\"",
                Tool.Kubectl.Program,
                errors,
                "--server",
                $"{app.Urls.Single()}/{folder.Name}",
                "--cache-dir",
                Path.Combine(folder.FullName, "cache"),
                "create",
                "--dry-run=client",
                "--output",
                "json",
                "--validate=false",
                .. files.SelectMany(file => (string[])["--filename", file]),
            ]);
            return (exitCode, output, await File.ReadAllTextAsync(errors, cancellationToken));
        }
        finally
        {
            served.TryRemove(folder.Name, out _);
            folder.Delete(recursive: true);
        }
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    // An object begins and ends with a brace in a line of its own.
    private static List<JsonNode?> Objects(string output)
    {
        var objects = new List<JsonNode?>();
        var lines = new List<string>();
        foreach (var line in output.Split('\n').Where(line => lines.Count > 0 || line == "{"))
        {
            lines.Add(line);
            if (line == "}")
            {
                objects.Add(JsonNode.Parse(string.Join('\n', lines), documentOptions: new JsonDocumentOptions { MaxDepth = 1000 }));
                lines.Clear();
            }
        }

        return objects;
    }

    private static IResult Json(JsonObject answer) => Results.Text(answer.ToJsonString(), "application/json");

    private IEnumerable<string> ApiVersions(string run) => served[run].Select(kind => kind.ApiVersion).Distinct();

    private IResult Versions(string run) =>
        Json(
            new JsonObject
            {
                ["kind"] = "APIVersions",
                ["versions"] = new JsonArray([.. ApiVersions(run).Where(version => !version.Contains('/')).Select(Text)]),
            }
        );

    private IResult Groups(string run) =>
        Json(
            new JsonObject
            {
                ["kind"] = "APIGroupList",
                ["apiVersion"] = "v1",
                ["groups"] = new JsonArray([
                    .. ApiVersions(run)
                        .Where(version => version.Contains('/'))
                        .GroupBy(version => version.Split('/')[0])
                        .Select(group => new JsonObject
                        {
                            ["name"] = group.Key,
                            ["versions"] = new JsonArray([.. group.Select(Version)]),
                            ["preferredVersion"] = Version(group.First()),
                        }),
                ]),
            }
        );

    private IResult Kinds(string run, string apiVersion) =>
        Json(
            new JsonObject
            {
                ["kind"] = "APIResourceList",
                ["apiVersion"] = "v1",
                ["groupVersion"] = apiVersion,
                ["resources"] = new JsonArray([
                    .. served[run]
                        .Where(kind => kind.ApiVersion == apiVersion)
                        .Index()
                        .Select(kind => new JsonObject
                        {
                            ["name"] = $"kinds{kind.Index}",
                            ["singularName"] = string.Empty,
                            ["namespaced"] = true,
                            ["kind"] = kind.Item.Kind,
                            ["verbs"] = new JsonArray("create", "get"),
                        }),
                ]),
            }
        );

    private static JsonObject Version(string apiVersion) =>
        new() { ["groupVersion"] = apiVersion, ["version"] = apiVersion.Split('/')[1] };

    // kubectl escapes the name of a group twice.
    private static string Unescaped(string apiVersion) => Uri.UnescapeDataString(apiVersion);

    private static JsonNode Text(string text) => JsonValue.Create(text);
}

/// <summary>A kind that a server has.</summary>
internal sealed record ServedKind(string ApiVersion, string Kind);
