using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Cli.Connect;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Connect;

/// <summary>The desktop's opener as a real process: a script of that name, found first on the verb's PATH.</summary>
public sealed class SystemBrowserTests : IDisposable
{
    // All that a URL may hold and a shell would obey; AbsoluteUri has encoded the rest.
    private static readonly Uri page = new(
        "https://connect.example/authorize?scope=a b&state=\"x\"y'z&also=$(touch pwned);`id`&more=ø*#end"
    );

    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider time = new();
    private readonly Dictionary<string, string> variables;

    public SystemBrowserTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "xdg-open is the opener of Linux.");
        variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["DISPLAY"] = ":0",
            ["PATH"] = $"{folder.Path}:{Environment.GetEnvironmentVariable("PATH")}",
        };
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private SystemBrowser Browser => new(variables.GetValueOrDefault, time);

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_address_arrives_as_one_argument()
    {
        Opener("""printf '%s\n' "$#" "$@" >"$here/told" """);

        Assert.True(await Browser.OpenAsync(page, Ct));

        Assert.Equal(["1", page.AbsoluteUri], Told);
        Assert.Contains("scope=a%20b&state=%22x%22y'z&also=$(touch%20pwned);%60id%60&more=%C3%B8*#end", Told[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_opener_that_fails_has_opened_nothing()
    {
        Opener("exit 3"); // "a required tool could not be found", says its manual

        Assert.False(await Browser.OpenAsync(page, Ct));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_machine_without_an_opener_opens_nothing(bool hasOtherPrograms)
    {
        var bare = folder.CreateFolder("bare");
        if (hasOtherPrograms)
        {
            File.CreateSymbolicLink(Path.Combine(bare, "setsid"), "/usr/bin/setsid");
        }

        variables["PATH"] = bare;

        Assert.False(await Browser.OpenAsync(page, Ct));
    }

    [Fact]
    public async Task An_opener_is_not_asked_where_there_is_no_display()
    {
        Opener("""echo asked >"$here/told" """);
        variables.Remove("DISPLAY");

        Assert.False(await Browser.OpenAsync(page, Ct));

        Assert.False(File.Exists(folder["told"]));
    }

    [Fact]
    public async Task Under_Wayland_alone_there_is_a_display()
    {
        Opener("exit 0");
        variables.Remove("DISPLAY");
        variables["WAYLAND_DISPLAY"] = "wayland-0";

        Assert.True(await Browser.OpenAsync(page, Ct));
    }

    /// <summary>
    /// The session is its own, so it has no controlling terminal: a browser in text mode gets no key of ours, and Ctrl+C ends the verb
    /// alone.
    /// </summary>
    [Fact]
    public async Task The_started_browser_has_no_access_to_the_terminal()
    {
        Opener("""
            read -r id name state parent group session rest </proc/$$/stat
            read -r key && key=some || key=none
            printf '%s\n' "$((id - session))" "$key" "$(readlink /proc/$$/fd/1)" "$(readlink /proc/$$/fd/2)" >"$here/told"
            """);

        Assert.True(await Browser.OpenAsync(page, Ct));

        Assert.Equal(["0", "none", "/dev/null", "/dev/null"], Told);
    }

    [Fact]
    public async Task An_opener_that_runs_on_has_become_the_browser_and_outlives_the_verb()
    {
        await MakePipeAsync("opened");
        await MakePipeAsync("close");
        await MakePipeAsync("told");
        Opener("""
            echo $$ >"$here/opened"
            read -r line <"$here/close"
            echo a complaint of the browser && echo another >&2 && echo still there >"$here/told"
            """);

        var opening = Browser.OpenAsync(page, Ct);
        await FromPipeAsync("opened");
        Assert.False(opening.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(3));

        Assert.True(await opening);
        await Task.Run(() => File.WriteAllText(folder["close"], "please\n"), Ct).WaitAsync(TestOperator.Patience, Ct);
        Assert.Equal("still there\n", await FromPipeAsync("told"));
    }

    [Fact]
    public async Task Without_a_browser_the_person_is_asked_to_open_the_address()
    {
        await using var scene = await ConnectScene.OpenAsync();
        scene.Options = scene.Options with { Timeout = TimeSpan.FromMilliseconds(1) };
        Opener("exit 4"); // "the action failed"

        await scene.ConnectAsync(Browser);

        Assert.Contains(
            "Open this page in a browser on this machine, sign in, choose the company and approve before ",
            scene.Output,
            StringComparison.Ordinal
        );
        Assert.Contains($"{scene.Provider.AuthorizationEndpoint}?response_type=code", scene.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("The browser is open", scene.Output, StringComparison.Ordinal);
    }

    private string[] Told => File.ReadAllLines(folder["told"]);

    private void Opener(string script)
    {
        folder.Write("xdg-open", $"#!/bin/sh\nhere='{folder.Path}'\n{script}\n");
        File.SetUnixFileMode(folder["xdg-open"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    // Opening a pipe waits for its other end.
    private Task<string> FromPipeAsync(string name) =>
        Task.Run(() => File.ReadAllText(folder[name]), Ct).WaitAsync(TestOperator.Patience, Ct);

    private async Task MakePipeAsync(string name)
    {
        using var process = Process.Start("mkfifo", [folder[name]]);
        await process.WaitForExitAsync(Ct);
        Assert.Equal(0, process.ExitCode);
    }
}
