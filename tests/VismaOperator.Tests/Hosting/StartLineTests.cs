using System.Diagnostics;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Hosting;

/// <summary>The first log line of a real process names what it serves and whom it may contact.</summary>
public sealed class StartLineTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("", "namespaces: all; allowed issuers: https://connect.visma.com, https://connect.identity.stagaws.visma.com")]
    [InlineData("--namespaces customer-a,customer-b", "namespaces: customer-a, customer-b; allowed issuers: https://connect.visma.com, ")]
    [InlineData(
        "--allowed-issuers https://id.example.com,https://id.example.org",
        "namespaces: all; allowed issuers: https://id.example.com, https://id.example.org"
    )]
    [InlineData("--allowed-issuers http://127.0.0.1:1 --insecure-issuers", "allowed issuers: http://127.0.0.1:1 (plain http is accepted)")]
    public async Task Run_names_the_served_namespaces_and_the_allowed_issuers(string options, string expected)
    {
        folder.Write("kubeconfig", """
            apiVersion: v1
            kind: Config
            current-context: nowhere
            contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
            clusters: [{name: nowhere, cluster: {server: "https://127.0.0.1:1"}}]
            users: [{name: nobody, user: {token: unused}}]
            """);

        var line = await FirstLineAsync($"run --kubeconfig {folder["kubeconfig"]} --http-port 0 {options}");

        Assert.Contains("serves https://127.0.0.1:1/", line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "allowed issuers: https://connect.visma.com, https://connect.identity.stagaws.visma.com")]
    [InlineData("--allowed-issuers http://127.0.0.1:1 --insecure-issuers", "allowed issuers: http://127.0.0.1:1 (plain http is accepted)")]
    public async Task Local_names_the_allowed_issuers(string options, string expected)
    {
        folder.CreateFolder("manifests");

        var line = await FirstLineAsync($"local -f {folder["manifests"]} --out {folder["out"]} --state {folder["state"]} {options}");

        Assert.Contains(expected, line, StringComparison.Ordinal);
    }

    private static async Task<string> FirstLineAsync(string arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "visma-operator");
        var words = $"{arguments} --log-format text".Split(' ', StringSplitOptions.RemoveEmptyEntries);
        using var process = Process.Start(
            new ProcessStartInfo(program, words)
            {
                UseShellExecute = false,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            }
        )!;
        try
        {
            using var patience = new CancellationTokenSource(TestOperator.Patience);
            return await process.StandardError.ReadLineAsync(patience.Token) ?? string.Empty;
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }
}
