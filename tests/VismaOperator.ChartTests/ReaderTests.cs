using System.Net;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.ChartTests;

/// <summary>The readers of a token Secret in examples/ call an API with what a mounted Secret holds, and follow a renewal.</summary>
public sealed class ReaderTests : IDisposable
{
    private static readonly string folderOfExamples = RepositoryFolder.PathOf("examples/consuming-the-secret");

    private readonly HttpListener api = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("visma-operator-mounted-");
    private readonly List<string> seen = [];

    public ReaderTests()
    {
        var prefix = $"http://127.0.0.1:{FreePort.Take()}/";
        api.Prefixes.Add(prefix);
        api.Start();
        File.WriteAllText(Path.Combine(folder.FullName, "base_url"), prefix + "v1");
        Publish("Bearer first");
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // Beside this assembly's own output: the project is built with the tests.
    private static Tool Importer { get; } =
        new(Path.Combine(folderOfExamples, "dotnet/bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0/Importer"));

    [Fact]
    public async Task The_script_sends_the_header_of_the_folder()
    {
        var answered = AnswerAsync(HttpStatusCode.OK);

        var output = await Tool.Shell.RunAsync(Path.Combine(folderOfExamples, "call-api.sh"), folder.FullName, "/dimension");

        await answered;
        Assert.Contains("an answer", output, StringComparison.Ordinal);
        Assert.Equal(["/v1/dimension Bearer first"], seen);
    }

    [Fact]
    public async Task The_script_fails_when_the_API_refuses()
    {
        var answered = AnswerAsync(HttpStatusCode.Forbidden);

        var (exitCode, _) = await Tool.Shell.TryAsync(Path.Combine(folderOfExamples, "call-api.sh"), folder.FullName, "/dimension");

        await answered;
        Assert.NotEqual(0, exitCode);
    }

    [Fact]
    public async Task The_program_follows_a_renewal_that_comes_while_it_asks()
    {
        var refused = AnswerAsync(HttpStatusCode.Unauthorized, "Bearer second");
        var program = Importer.RunAsync(folder.FullName, "/dimension");
        await refused;
        await AnswerAsync(HttpStatusCode.OK);

        Assert.Contains("200 OK", await program, StringComparison.Ordinal);
        Assert.Equal(["/v1/dimension Bearer first", "/v1/dimension Bearer second"], seen);
    }

    [Fact]
    public async Task The_long_running_program_follows_a_renewal_and_ends_when_told_to()
    {
        var log = Path.Combine(folder.FullName, "log");
        await using var program = RealProcess.Start(
            new ProcessCommand("importer", Importer.Program, [folder.FullName, "/dimension", "00:00:00.2"], log)
        );
        await AnswerAsync(HttpStatusCode.OK, "Bearer second");
        await AnswerAsync(HttpStatusCode.ServiceUnavailable);
        await AnswerAsync(HttpStatusCode.OK);

        Assert.Equal(0, await program.TerminateAsync(Ct));
        Assert.Equal(["/v1/dimension Bearer first", "/v1/dimension Bearer second", "/v1/dimension Bearer second"], seen);
    }

    [Fact]
    public async Task The_long_running_program_waits_for_a_token_that_is_not_there_yet()
    {
        var mounted = Path.Combine(folder.FullName, "authorization");
        File.Delete(mounted);
        var log = Path.Combine(folder.FullName, "log");
        await using var program = RealProcess.Start(
            new ProcessCommand("importer", Importer.Program, [folder.FullName, "/dimension", "00:00:00.2"], log)
        );
        await Eventually.BecomesTrueAsync(
            "the program to miss the file",
            _ => Task.FromResult(program.Lines.Any(line => line.Contains(mounted, StringComparison.Ordinal))),
            Ct
        );
        Publish("Bearer first");
        await AnswerAsync(HttpStatusCode.OK);

        Assert.Equal(0, await program.TerminateAsync(Ct));
        Assert.All(seen, request => Assert.Equal("/v1/dimension Bearer first", request));
    }

    [Theory]
    [InlineData("consuming-the-secret/env.yaml")]
    [InlineData("argo-cd/app/app.yaml")]
    public async Task The_command_of_the_job_sends_the_header_and_shows_it_to_nobody(string manifest)
    {
        var job = YamlDocuments.Read(RepositoryFolder.PathOf($"examples/{manifest}")).Single(resource => resource.Kind() == "Job");
        var command = job["spec"]!["template"]!["spec"]!["containers"]![0]!["command"]!
            .AsArray()
            .Select(word => word!.GetValue<string>())
            .ToList();
        var answered = AnswerAsync(HttpStatusCode.OK);

        // What the kubelet does: the Secret as variables, or as files where the command looks for them.
        var script = command[2]
            .Replace("/var/run/visma", folder.FullName, StringComparison.Ordinal)
            .Replace("curl ", "tracing ", StringComparison.Ordinal);
        var output = await Tool.Shell.RunAsync(
            "-c",
            $"tracing() {{ echo \"arguments: $*\"; curl \"$@\"; }}; AUTHORIZATION=$(cat '{folder}/authorization'); BASE_URL=$(cat "
            + $"'{folder}/base_url'); {script}"
        );

        await answered;
        Assert.Equal(["sh", "-c"], command[..2]);
        Assert.Contains("an answer", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Bearer", output, StringComparison.Ordinal);
        Assert.Equal(["/v1/dimension Bearer first"], seen);
    }

    public void Dispose()
    {
        api.Close();
        folder.Delete(recursive: true);
    }

    private void Publish(string authorization) => File.WriteAllText(Path.Combine(folder.FullName, "authorization"), authorization);

    private async Task AnswerAsync(HttpStatusCode status, string? renewedMeanwhile = null)
    {
        var context = await api.GetContextAsync().WaitAsync(Eventually.Patience, TimeProvider.System, Ct);
        seen.Add($"{context.Request.RawUrl} {context.Request.Headers["Authorization"]}");
        if (renewedMeanwhile is not null)
        {
            Publish(renewedMeanwhile);
        }

        context.Response.StatusCode = (int)status;
        await context.Response.OutputStream.WriteAsync("an answer"u8.ToArray(), Ct);
        context.Response.Close();
    }
}
