using System.Net;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;

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
    private static Tool Importer { get; } = new(Path.Combine(folderOfExamples, "dotnet/bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0/Importer"));

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
