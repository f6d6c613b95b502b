using VismaOperator.Cli;

namespace VismaOperator.Tests.Cli;

/// <summary>Tokens of those who read metrics travel encrypted, unless somebody says otherwise.</summary>
public sealed class MetricsAuthOptionTests
{
    [Fact]
    public async Task Without_https_it_is_refused()
    {
        var line = new CommandLine();

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync("run", "--metrics-auth"));
        Assert.Contains("--metrics-auth: needs --http-tls", line.Error, StringComparison.Ordinal);
        Assert.Contains("--insecure-metrics-auth", line.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--metrics-auth", "--http-tls=/certificate")]
    [InlineData("--metrics-auth", "--insecure-metrics-auth")]
    [InlineData("--metrics-auth=false")]
    public async Task With_https_or_on_purpose_it_is_not(params string[] options)
    {
        var line = new CommandLine();

        Assert.Equal(ExitCode.Success, await line.InvokeAsync(["run", .. options]));
        Assert.Equal(options.Length == 2, line.Run!.MetricsAuth);
    }
}
