using VismaOperator.Cli;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Dashboard;
using VismaOperator.Cli.Doctor;
using VismaOperator.Cli.Import;
using VismaOperator.Cli.Init;
using VismaOperator.Cli.Requests;
using VismaOperator.Cli.Rotate;
using VismaOperator.Cli.Status;
using VismaOperator.Hosting;
using VismaOperator.Local;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Cli;

/// <summary>What a user meets who types something wrong, and the page that says what can be typed.</summary>
public sealed class CommandLineTests
{
    private readonly StringWriter error = new();
    private readonly Dictionary<string, string> variables = [];
    private OperatorOptions? started;

    [Fact]
    [Trait("Category", "Docs")]
    public void The_page_of_the_command_line_is_up_to_date()
    {
        var expected = CommandPage.Of(CommandTree.Create(Process(), Recording()));
        var file = Repository.Path("docs", "reference", "cli.md");
        if (Environment.GetEnvironmentVariable("WRITE_DOCS") == "1")
        {
            File.WriteAllText(file, expected);
            return;
        }

        Assert.True(
            File.Exists(file) && File.ReadAllText(file) == expected,
            "docs/reference/cli.md is not what the options say: run `make docs` and commit the result."
        );
    }

    [Fact]
    public async Task An_unknown_verb_is_named_and_nothing_else_is_said_of_it()
    {
        Assert.Equal(2, await InvokeAsync("chekc"));
        Assert.Equal(
            $"visma-operator: 'chekc' is no command: did you mean check?{Environment.NewLine}Help: visma-operator "
            + $"--help{Environment.NewLine}",
            error.ToString()
        );
    }

    [Theory]
    [InlineData("explian --help")]
    [InlineData("--help explian")]
    [InlineData("explian -h")]
    [InlineData("explian --version")]
    [InlineData("--version explian")]
    [InlineData("explian --kubeconfig x --context y")]
    [InlineData("explian -f . --output json")]
    [InlineData("explian acme --once=true")]
    public async Task An_unknown_verb_is_an_error_with_any_arguments(string arguments)
    {
        Assert.Equal(2, await InvokeAsync(arguments.Split(' ')));
        Assert.Equal(
            "visma-operator: 'explian' is no command: the commands are run, local, check, status, dashboard, doctor, refresh, probe, "
            + "connect, rotate, init, import, crds, completion"
            + $"{Environment.NewLine}Help: visma-operator --help{Environment.NewLine}",
            error.ToString()
        );
    }

    [Theory]
    [InlineData("run --workers zero", "visma-operator: --workers: 'zero' is not a whole number from 1 to 256. Leave it out for 8.")]
    [InlineData("run --wrokers 3", "'--wrokers' is no command or option that is known here: did you mean --workers?")]
    [InlineData("run --namespaces ,", "visma-operator: --namespaces: has no value. Give it at least one value, or leave it out.")]
    [InlineData("run --workers 1 --workers 2", "visma-operator: --workers: is given more than once.")]
    [InlineData("local -f . --out same --state ./same", "visma-operator: --state: is the directory of --out")]
    [InlineData("local -f . --out ./same/ --state ./same", "visma-operator: --state: is the directory of --out")]
    [InlineData("local -f . --out ./tokens --state ./tokens/state", "visma-operator: --state: is the directory of --out or lies within it")]
    [InlineData("local -f . --out ./state/tokens --state ./state/", "visma-operator: --state: is the directory of --out or lies within it")]
    [InlineData("connect", "NAMESPACE/NAME: is missing. The VismaConnection; without a namespace, that of -n")]
    [InlineData("completion", "SHELL: is missing. One of: bash, zsh, fish, powershell, kubectl.")]
    [InlineData("status -n", "--namespace: has no value. Give it one, or leave it out.")]
    [InlineData("check", "visma-operator: --filename: is missing. Name a directory with manifests: -f ./manifests.")]
    [InlineData(
        "connect Acme",
        "visma-operator: NAMESPACE/NAME: 'Acme' is not the name of a connection. Write it as integrations/acme-production"
    )]
    [InlineData("connect a/b/c", "'a/b/c' is not the name of a connection.")]
    [InlineData("connect a/b -n c", "visma-operator: --namespace: 'c' is not the namespace of a/b. Name the namespace once.")]
    [InlineData("connect oac/b", "'oac/b' is not the name of a connection.")]
    [InlineData("connect b -n A", "visma-operator: --namespace: 'A' is not the name of a namespace.")]
    [InlineData("connect a/b --state . --context c", "visma-operator: --state: cannot be combined with --kubeconfig or --context.")]
    [InlineData(
        "connect a/b --redirect-uri localhost:8888",
        "visma-operator: --redirect-uri: 'localhost:8888' is not an absolute http or https URL."
    )]
    [InlineData("connect a/b --redirect-uri https://localhost --port 9", "visma-operator: --port: cannot be combined with --redirect-uri")]
    [InlineData("connect a/b --timeout 2h", "visma-operator: --timeout: '2h' is not a duration up to 1h. Write it as 90s or 10m.")]
    [InlineData("local -f .", "visma-operator: --out: is missing.")]
    [InlineData(
        "status a/b/c",
        "NAME: 'a/b/c' is not the name of an object. Write it as acme, integrations/acme, vc/acme, oac/acme or vcs/acme."
    )]
    [InlineData("status -n a -A", "visma-operator: --namespace: cannot be combined with --all-namespaces.")]
    [InlineData("status a/b -n c", "visma-operator: --namespace: 'c' is not the namespace of a/b.")]
    [InlineData("status --state s --context c", "visma-operator: --state: cannot be combined with --kubeconfig or --context.")]
    [InlineData("status -o xml", "visma-operator: --output: 'xml' is not known. Write one of: text, wide, json, yaml, name.")]
    [InlineData("status --expiring-within 7", "visma-operator: --expiring-within: '7' is not a duration. Write it as 7d, 12h or 1d12h.")]
    [InlineData("status --expiring-within d", "visma-operator: --expiring-within: 'd' is not a duration.")]
    [InlineData("status --expiring-within 7d1d", "visma-operator: --expiring-within: '7d1d' is not a duration.")]
    [InlineData("status --expiring-within 99999d", "visma-operator: --expiring-within: '99999d' is not a duration.")]
    [InlineData("refresh", "visma-operator: NAME: is missing. Name connections, or say --all, or choose by labels with -l.")]
    [InlineData("refresh a --all", "visma-operator: NAME: cannot be combined with --all or --selector")]
    [InlineData("refresh a -A", "visma-operator: NAME: cannot be combined with --all-namespaces. Write NAMESPACE/NAME")]
    [InlineData("refresh a --timeout 5m", "visma-operator: --timeout: counts only with --wait. Say --wait, or leave it out.")]
    [InlineData("refresh oac/a", "visma-operator: NAME: 'oac/a' is not the name of a connection.")]
    [InlineData("dashboard --state s --kubeconfig k", "visma-operator: --state: cannot be combined with --kubeconfig or --context.")]
    [InlineData("dashboard --port 70000", "visma-operator: --port: '70000' is not a whole number from 0 to 65535. Leave it out for a free")]
    [InlineData("dashboard -n a -A", "visma-operator: --namespace: cannot be combined with --all-namespaces.")]
    [InlineData("dashboard acme", "visma-operator: 'acme' is no command or option that is known here")]
    [InlineData("doctor", "visma-operator: NAME: is missing. Name a connection, or manifests with -f, or the state directory of local")]
    [InlineData("doctor oac/a", "visma-operator: NAME: 'oac/a' is not the name of a connection.")]
    [InlineData("doctor -f /no/such/file", "visma-operator: --filename: '/no/such/file' does not exist.")]
    [InlineData("doctor a -o yaml", "visma-operator: --output: 'yaml' is not known. Write one of: text, json.")]
    [InlineData("doctor a --service-account b", "visma-operator: --service-account: 'b' is not the name of a service account.")]
    [InlineData("rotate", "visma-operator: CLIENT: is missing. The OAuthClient, as NAME or NAMESPACE/NAME.")]
    [InlineData("rotate vc/a", "visma-operator: CLIENT: 'vc/a' is not the name of a client. Write it as integrations/acme")]
    [InlineData("rotate a --expires soon", "visma-operator: --expires: 'soon' is no date. Write it as 2027-11-30")]
    [InlineData("rotate a --key a/b", "visma-operator: --key: 'a/b' is no key of a Secret.")]
    [InlineData("rotate a --timeout 5m", "visma-operator: --timeout: counts only with --wait. Say --wait, or leave it out.")]
    [InlineData("rotate a the-secret", "visma-operator: 'the-secret' is no command or option that is known here")]
    [InlineData("init --client-id æ", "visma-operator: --client-id: 'æ' is not usable. The rule is: a client id is made of at most 100")]
    [InlineData("init --tenant-id x", "visma-operator: --tenant-id: 'x' is not usable. The rule is: the tenant id must be a GUID")]
    [InlineData("init --api-version v3", "visma-operator: --api-version: 'v3' is not known. Write one of: v1, v2.")]
    [InlineData("import", "visma-operator: FILE: is missing. JSON of iClients and connections")]
    [InlineData("import /no/such/file", "visma-operator: FILE: '/no/such/file' does not exist. Name files with JSON")]
    [InlineData("import - --tenant-id x", "visma-operator: --tenant-id: 'x' is no GUID.")]
    [InlineData("import - -n A", "visma-operator: --namespace: 'A' is not the name of a namespace.")]
    [InlineData("completion tcsh", "visma-operator: SHELL: 'tcsh' is not known. Write one of: bash, zsh, fish, powershell, kubectl.")]
    public async Task Wrong_arguments_name_option_and_remedy_and_start_nothing(string line, string expected)
    {
        Assert.Equal(2, await InvokeAsync(line.Split(' ')));
        Assert.Contains(expected, error.ToString(), StringComparison.Ordinal);
        Assert.Contains($"Help: visma-operator {line.Split(' ')[0]} --help", error.ToString(), StringComparison.Ordinal);
        Assert.Null(started);
    }

    [Theory]
    [InlineData("/usr/local/bin/kubectl-visma", "kubectl visma")]
    [InlineData("visma-operator", "visma-operator")]
    [InlineData(null, "visma-operator")]
    public async Task Help_names_what_was_called(string? executable, string called)
    {
        var output = new StringWriter();
        var process = Process() with { Output = output, Called = Product.Called(executable) };

        Assert.Equal(0, await CommandTree.InvokeAsync(["connect", "--help"], process, Recording(), TestContext.Current.CancellationToken));
        Assert.Contains($"  {called} connect <NAMESPACE/NAME> [options]", output.ToString(), StringComparison.Ordinal);

        Assert.Equal(2, await CommandTree.InvokeAsync(["connect"], process, Recording(), TestContext.Current.CancellationToken));
        Assert.Contains($"Help: {called} connect --help", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("refresh")]
    [InlineData("connect")]
    public async Task Help_names_the_argument_and_not_what_completes_it(string verb)
    {
        var output = new StringWriter();

        var process = Process() with { Output = output };
        await CommandTree.InvokeAsync([verb, "--help"], process, Recording(), TestContext.Current.CancellationToken);

        Assert.Contains("NAME>", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("<connections>", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_variable_is_named_instead_of_its_option()
    {
        variables["VISMA_OPERATOR_HTTP_PORT"] = "http";

        Assert.Equal(2, await InvokeAsync("run"));
        Assert.Contains(
            "visma-operator: VISMA_OPERATOR_HTTP_PORT: 'http' is not a whole number",
            error.ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_option_wins_over_its_variable_and_an_empty_variable_counts_as_absent()
    {
        variables["VISMA_OPERATOR_WORKERS"] = "3";
        variables["VISMA_OPERATOR_NAMESPACES"] = "";

        Assert.Equal(0, await InvokeAsync("run", "--workers", "5"));
        Assert.Equal(5, started?.Workers);
        Assert.Empty(started!.Namespaces);
    }

    private Task<int> InvokeAsync(params string[] arguments) =>
        CommandTree.InvokeAsync(arguments, Process(), Recording(), TestContext.Current.CancellationToken);

    private CommandContext Process() => new(variables.GetValueOrDefault, TextWriter.Null, error, TimeProvider.System);

    private Verbs Recording() => new(
        (options, _) =>
        {
            started = options;
            return Task.FromResult(0);
        },
        (LocalOptions _, CancellationToken _) => Task.FromResult(0),
        (ConnectOptions _, CancellationToken _) => Task.FromResult(0),
        (StatusOptions _, CancellationToken _) => Task.FromResult(0),
        (RequestOptions _, CancellationToken _) => Task.FromResult(0),
        (DashboardOptions _, CancellationToken _) => Task.FromResult(0),
        (DoctorOptions _, CancellationToken _) => Task.FromResult(0),
        (RotateOptions _, CancellationToken _) => Task.FromResult(0),
        (InitOptions _, CancellationToken _) => Task.FromResult(0),
        (ImportOptions _, CancellationToken _) => Task.FromResult(0));
}
