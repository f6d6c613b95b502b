using VismaOperator.Cli;
using VismaOperator.Cli.Doctor;

namespace VismaOperator.Tests.Cli;

/// <summary>What somebody types who has seen other tools, and what it is answered.</summary>
public sealed class FirstTryTests
{
    [Fact]
    public async Task A_folder_without_f_is_answered_with_it()
    {
        using var folder = new TemporaryFolder();
        var line = new CommandLine();

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync("check", folder.Path));
        Assert.Contains($". Name files and folders with -f {folder.Path}\n", line.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("refresh", "acme", "--state", "s")]
    [InlineData("probe", "acme", "--now")]
    public async Task An_unknown_option_is_not_taken_for_a_name(params string[] arguments)
    {
        var line = new CommandLine();

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync(arguments));
        Assert.Contains($"{arguments[2]}: is no option that is known here", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_may_follow_a_switch()
    {
        var line = new CommandLine();

        Assert.Equal(0, await line.InvokeAsync("doctor", "--request", "acme"));
        Assert.Equal(("acme", DoctorRequests.Sent), (line.Doctor!.Name, line.Doctor.Requests));
        Assert.Equal(0, await line.InvokeAsync("refresh", "--wait", "acme", "other"));
        Assert.Equal((2, true), (line.Refresh!.Names.Count, line.Refresh.Wait));
        Assert.Equal(0, await line.InvokeAsync("refresh", "--wait", "false", "acme"));
        Assert.Equal((1, false), (line.Refresh!.Names.Count, line.Refresh.Wait));
        Assert.Equal(0, await line.InvokeAsync("status", "-w", "acme"));
        Assert.Equal(("acme", true), (line.Status!.Name, line.Status.Watch));
        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync("refresh", "acme", "--wait", "no"));
        Assert.Contains("'no' is neither true nor false", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_command_the_commands_are_named()
    {
        var line = new CommandLine();

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync());
        Assert.Equal(
            "visma-operator: a command is missing: the commands are run, local, check, status, dashboard, doctor, refresh, probe, connect, "
            + "rotate, init, import, crds, completion\nHelp: visma-operator --help\n",
            line.Error
        );
    }

    [Fact]
    public async Task Help_tells_optional_arguments_from_others_in_the_list_too()
    {
        var line = new CommandLine();

        Assert.Equal(0, await line.InvokeAsync("--help"));
        Assert.Contains("\n  status [<NAME>] ", line.Output, StringComparison.Ordinal);
        Assert.Contains("\n  refresh [<NAME>] ", line.Output, StringComparison.Ordinal);
        Assert.Contains("\n  connect <NAMESPACE/NAME> ", line.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("local")]
    [InlineData("check")]
    [InlineData("status")]
    [InlineData("dashboard")]
    [InlineData("doctor")]
    [InlineData("refresh")]
    [InlineData("probe")]
    [InlineData("connect")]
    [InlineData("rotate")]
    [InlineData("init")]
    [InlineData("import")]
    [InlineData("crds")]
    [InlineData("completion")]
    public async Task The_help_of_each_verb_has_examples_that_can_be_parsed(string verb)
    {
        var line = new CommandLine();
        await line.InvokeAsync(verb, "--help");
        var examples = line.Output.Split("\nExamples:\n")[1].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        using var folder = new TemporaryFolder();

        Assert.NotEmpty(examples);
        foreach (var example in examples)
        {
            Assert.StartsWith($"  visma-operator {verb}", example, StringComparison.Ordinal);
            var words = example.Split('|', '<')[0].Replace("./manifests", folder.Path, StringComparison.Ordinal).Split(' ')[3..];
            var trial = new CommandLine();
            var code = await trial.InvokeAsync([.. words.Where(word => word.Length > 0 && word != "--cluster")]);
            Assert.Equal(verb == "check" ? 2 : 0, code); // the folder is empty
            Assert.DoesNotContain("Help: ", trial.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Local_mode_says_which_options_it_needs()
    {
        var line = new CommandLine();
        await line.InvokeAsync("local", "--help");

        Assert.Equal(3, line.Output.Split(" Required. ").Length - 1);
        Assert.Contains("the Secrets with client secrets among them", line.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_verb_that_has_forms_takes_the_short_option()
    {
        using var folder = new TemporaryFolder();
        var line = new CommandLine();

        Assert.Equal(2, await line.InvokeAsync("check", "-f", folder.Path, "-o", "json"));
        Assert.DoesNotContain("'-o'", line.Error, StringComparison.Ordinal);
        Assert.Equal(0, await line.InvokeAsync("doctor", "a", "-o", "json"));
        Assert.Equal(0, await line.InvokeAsync("status", "-o", "json"));
    }
}
