using Kubernetes.Controllers.Leadership;
using Microsoft.Extensions.Logging;
using VismaOperator.Api.Validation;
using VismaOperator.Cli;
using VismaOperator.Cli.Cluster;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Dashboard;
using VismaOperator.Cli.Doctor;
using VismaOperator.Cli.Requests;
using VismaOperator.Cli.Status;
using VismaOperator.Hosting;
using VismaOperator.Local;

namespace VismaOperator.Tests.Cli;

public sealed class OptionTests
{
    [Fact]
    public async Task Without_options_everything_has_its_documented_default()
    {
        var line = new CommandLine();

        Assert.Equal(ExitCode.Success, await line.InvokeAsync("run"));

        var options = line.Run!;
        Assert.Equal((null, null, null), (options.Kubeconfig, options.Context, options.LeaderElection));
        Assert.Equal((8, 8080), (options.Workers, options.HttpPort));
        Assert.Equal(new LeaseTimes(), options.LeaseTimes);
        Assert.Equal((null, 8081), (options.PublicUrl, options.ConsentPort));
        Assert.Equal(new LogOptions { Format = LogFormat.Json, Level = LogLevel.Information }, options.Logs);
        Assert.Empty(options.Namespaces);
        Assert.Equal(new AllowLists().AllowedIssuers, options.AllowLists.AllowedIssuers);
        Assert.False(options.AllowLists.AllowInsecureIssuers);
    }

    [Fact]
    public async Task Every_option_of_run_reaches_the_operator()
    {
        var line = new CommandLine();

        await line.InvokeAsync(
            "run",
            "--kubeconfig",
            "kc",
            "--context",
            "staging",
            "--namespaces",
            "a,b",
            "--namespaces",
            "c",
            "--allowed-issuers",
            "https://id.example.com",
            "--allowed-api-hosts",
            "api.example.com,api.example.org:8443",
            "--insecure-issuers",
            "--leader-elect",
            "false",
            "--leader-elect-lease-duration",
            "6s",
            "--leader-elect-renew-deadline",
            "4s",
            "--leader-elect-retry-period",
            "800ms",
            "--workers",
            "3",
            "--http-port",
            "0",
            "--public-url",
            "https://Operator.Example.com:443/visma/",
            "--consent-port",
            "0",
            "--log-format",
            "text",
            "--log-level",
            "debug",
            "--allowed-metadata-prefixes",
            "example.com/"
        );

        var options = line.Run!;
        Assert.Equal(("kc", "staging", false), (options.Kubeconfig, options.Context, options.LeaderElection));
        Assert.Equal(["a", "b", "c"], options.Namespaces);
        Assert.Equal(["https://id.example.com"], options.AllowLists.AllowedIssuers);
        Assert.Equal(["api.example.com", "api.example.org:8443"], options.AllowLists.AllowedApiHosts);
        Assert.Equal(["example.com/"], options.AllowLists.AllowedMetadataPrefixes);
        Assert.True(options.AllowLists.AllowInsecureIssuers);
        Assert.Equal(
            (TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(0.8)),
            (options.LeaseTimes.LeaseDuration, options.LeaseTimes.RenewDeadline, options.LeaseTimes.RetryPeriod)
        );
        Assert.Equal((3, 0), (options.Workers, options.HttpPort));
        Assert.Equal(("https://operator.example.com/visma", 0), (options.PublicUrl!.OriginalString, options.ConsentPort));
        Assert.Equal(new LogOptions { Format = LogFormat.Text, Level = LogLevel.Debug }, options.Logs);
    }

    [Fact]
    public async Task Connect_takes_the_connection_as_kubectl_would_and_has_its_documented_defaults()
    {
        var line = new CommandLine();

        Assert.Equal(ExitCode.Success, await line.InvokeAsync("connect", "integrations/acme"));

        var options = line.Connect!;
        Assert.Equal(("integrations", "acme", null, null), (options.Namespace, options.Name, options.Source.State, options.ClientId));
        Assert.Equal("http://localhost:8888/oauth2/callback", options.RedirectUri.OriginalString);
        Assert.Equal((TimeSpan.FromMinutes(5), BrowserUse.Opened), (options.Timeout, options.Browser));
    }

    [Fact]
    public async Task Every_option_of_connect_reaches_it()
    {
        var line = new CommandLine();

        await line.InvokeAsync(
            "connect",
            "acme",
            "-n",
            "integrations",
            "--kubeconfig",
            "kc",
            "--context",
            "staging",
            "--redirect-uri",
            "https://localhost:8888",
            "--client-id",
            "isv_acme",
            "--no-browser",
            "--timeout",
            "1m30s",
            "--allowed-issuers",
            "http://127.0.0.1:8400",
            "--insecure-issuers"
        );

        var options = line.Connect!;
        Assert.Equal(("integrations", "acme", new NamedSource("kc", "staging")), (options.Namespace, options.Name, options.Source));
        Assert.Equal(("https://localhost:8888", "isv_acme"), (options.RedirectUri.OriginalString, options.ClientId));
        Assert.Equal((TimeSpan.FromSeconds(90), BrowserUse.Printed), (options.Timeout, options.Browser));
        Assert.Equal(["http://127.0.0.1:8400"], options.AllowLists.AllowedIssuers);
    }

    [Fact]
    public async Task Status_without_options_lists_the_namespace_of_the_context_as_a_table()
    {
        var line = new CommandLine();

        Assert.Equal(ExitCode.Success, await line.InvokeAsync("status"));

        Assert.Equal(new StatusOptions(), line.Status);
    }

    [Fact]
    public async Task Every_option_of_status_reaches_it()
    {
        var line = new CommandLine();

        string[] options = ["-A", "-o", "json", "-w", "--expiring-within", "1d12h", "--kubeconfig", "kc", "--context", "staging"];
        await line.InvokeAsync(["status", .. options]);

        Assert.Equal(
            new StatusOptions
            {
                Range = NamespaceRange.All,
                Output = StatusOutput.Json,
                Watch = true,
                ExpiringWithin = TimeSpan.FromHours(36),
                Source = new NamedSource("kc", "staging"),
            },
            line.Status
        );
    }

    [Theory]
    [InlineData("acme", null, null, "acme")]
    [InlineData("integrations/acme", null, "integrations", "acme")]
    [InlineData("vc/acme", "VismaConnection", null, "acme")]
    [InlineData("oac/acme", "OAuthClient", null, "acme")]
    [InlineData("oauthclient.visma-operator.io/acme", "OAuthClient", null, "acme")]
    [InlineData("vismaconnections.visma-operator.io/acme", "VismaConnection", null, "acme")]
    public async Task Status_takes_a_name_as_a_person_or_kubectl_writes_it(string text, string? kind, string? place, string name)
    {
        var line = new CommandLine();

        await line.InvokeAsync("status", text);

        Assert.Equal((kind, place, name), (line.Status!.Kind?.Kind, line.Status.Namespace, line.Status.Name));
    }

    [Fact]
    public async Task All_namespaces_on_the_command_line_win_over_one_in_a_variable_and_the_other_way_round()
    {
        var one = new CommandLine().With("VISMA_OPERATOR_NAMESPACE", "integrations");
        var all = new CommandLine().With("VISMA_OPERATOR_ALL_NAMESPACES", "true");

        await one.InvokeAsync("status", "-A");
        await all.InvokeAsync("status", "-n", "integrations");

        Assert.Equal((null, NamespaceRange.All), (one.Status!.Namespace, one.Status.Range));
        Assert.Equal(("integrations", NamespaceRange.One), (all.Status!.Namespace, all.Status.Range));
    }

    [Theory]
    [InlineData("7d", 168)]
    [InlineData("12h", 12)]
    [InlineData("30d6h", 726)]
    public async Task The_time_within_which_things_end_has_days(string text, int hours)
    {
        var line = new CommandLine();

        await line.InvokeAsync("status", "--expiring-within", text);

        Assert.Equal(TimeSpan.FromHours(hours), line.Status!.ExpiringWithin);
    }

    [Fact]
    public async Task Every_option_of_refresh_reaches_it()
    {
        var line = new CommandLine();

        await line.InvokeAsync("refresh", "acme", "erp/other", "--wait", "--timeout", "5m", "--kubeconfig", "kc", "--context", "staging");

        Assert.Equal([(null, "acme"), ("erp", "other")], line.Refresh!.Names);
        Assert.Equal((true, TimeSpan.FromMinutes(5)), (line.Refresh.Wait, line.Refresh.Timeout));
        Assert.Equal(new NamedSource("kc", "staging"), line.Refresh.Source);

        await line.InvokeAsync("refresh", "-l", "app=erp", "-n", "integrations");

        Assert.Equal(("app=erp", "integrations", null), (line.Refresh.Selector, line.Refresh.Namespace, line.Refresh.Timeout));
    }

    [Fact]
    public async Task Every_option_of_dashboard_reaches_it()
    {
        var line = new CommandLine().With("VISMA_OPERATOR_PORT", "8888"); // is that of connect's redirect URI

        await line.InvokeAsync("dashboard", "-n", "erp", "--no-open", "--kubeconfig", "kc", "--context", "staging");

        Assert.Equal(
            new DashboardOptions { Namespace = "erp", Browser = BrowserUse.Printed, Source = new NamedSource("kc", "staging") },
            line.Dashboard
        );

        await line.InvokeAsync("dashboard", "--state", "s", "--port", "4711");

        Assert.Equal(new DashboardOptions { Source = new NamedSource(State: "s"), Port = 4711 }, line.Dashboard);

        await line.InvokeAsync("dashboard", "-A");

        Assert.Equal(new DashboardOptions { Range = NamespaceRange.All }, line.Dashboard);
    }

    [Fact]
    public async Task Probe_takes_the_options_of_refresh()
    {
        var line = new CommandLine();

        await line.InvokeAsync("probe", "acme", "--wait");

        Assert.Equal((RequestKind.Probe, true), (line.Refresh!.Kind, line.Refresh.Wait));
        await line.InvokeAsync("refresh", "acme");
        Assert.Equal(RequestKind.Refresh, line.Refresh!.Kind);
    }

    [Fact]
    public async Task Every_option_of_doctor_reaches_it()
    {
        using var folder = new TemporaryFolder();
        var line = new CommandLine().With("VISMA_OPERATOR_REQUEST", "true").With("VISMA_OPERATOR_OUTPUT", "wide");

        Assert.Equal(
            0,
            await line.InvokeAsync(
                "doctor", "integrations/acme", "--kubeconfig", "kc", "--context", "staging",
                "--service-account", "visma-system/visma-operator"
            )
        );

        var options = line.Doctor!;
        Assert.Equal("visma-system/visma-operator", options.ServiceAccount.ToString());
        Assert.Equal(("integrations", "acme", "kc", "staging"), (options.Namespace, options.Name, options.Kubeconfig, options.Context));
        Assert.Equal((DoctorRequests.Shown, DoctorOutput.Text, null), (options.Requests, options.Output, options.Manifests));

        await line.InvokeAsync(
            "doctor", "-f", folder.Path, "-f", "-", "--request", "-o", "json",
            "--allowed-issuers", "http://127.0.0.1:8400", "--insecure-issuers");

        options = line.Doctor!;
        Assert.Equal([folder.Path, "-"], options.Manifests!.Paths);
        Assert.Equal((DoctorRequests.Sent, DoctorOutput.Json, null), (options.Requests, options.Output, options.Name));
        Assert.Equal(["http://127.0.0.1:8400"], options.AllowLists.AllowedIssuers);
    }

    [Theory]
    [InlineData("--context", "staging")]
    [InlineData("--kubeconfig", "kc")]
    [InlineData("--service-account", "visma-system/visma-operator")]
    public async Task What_counts_for_a_cluster_only_is_refused_with_manifests(string option, string value)
    {
        using var folder = new TemporaryFolder();
        var line = new CommandLine();

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync("doctor", "-f", folder.Path, option, value));
        Assert.Contains($"{option}: counts only for a cluster, and with -f or --state there is none", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_variable_that_names_a_namespace_leaves_no_manifest_out()
    {
        using var folder = new TemporaryFolder();
        var line = new CommandLine().With("VISMA_OPERATOR_NAMESPACE", "a");

        await line.InvokeAsync("doctor", "-f", folder.Path);
        Assert.Null(line.Doctor!.Namespace);
        await line.InvokeAsync("doctor", "-f", folder.Path, "-n", "b");
        Assert.Equal("b", line.Doctor!.Namespace);
    }

    [Fact]
    public async Task What_a_name_says_wins_over_the_variables_that_choose_objects()
    {
        var line = new CommandLine()
            .With("VISMA_OPERATOR_NAMESPACE", "a")
            .With("VISMA_OPERATOR_SELECTOR", "app=erp")
            .With("VISMA_OPERATOR_ALL_NAMESPACES", "false");

        Assert.Equal(0, await line.InvokeAsync("status", "b/x"));
        Assert.Equal(0, await line.InvokeAsync("refresh", "b/x"));
        Assert.Equal(("b", null), (line.Status!.Namespace, line.Refresh!.Selector));

        Assert.Equal(0, await line.InvokeAsync("refresh"));
        Assert.Equal("app=erp", line.Refresh.Selector);
    }

    [Fact]
    public async Task The_form_of_status_in_a_variable_does_not_change_that_of_check()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["a.yaml"], "kind: ConfigMap\n", TestContext.Current.CancellationToken);
        var line = new CommandLine().With("VISMA_OPERATOR_OUTPUT", "wide");
        var asked = new CommandLine().With("VISMA_OPERATOR_CHECK_OUTPUT", "json");

        await line.InvokeAsync("status");
        Assert.Equal(StatusOutput.Wide, line.Status!.Output);
        await line.InvokeAsync("check", "-f", folder["a.yaml"]);
        Assert.DoesNotContain("is not known", line.Error, StringComparison.Ordinal);
        await asked.InvokeAsync("check", "-f", folder["a.yaml"]);
        Assert.StartsWith("{", asked.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_variable_renews_every_connection()
    {
        var line = new CommandLine().With("VISMA_OPERATOR_ALL", "true");

        Assert.Equal(2, await line.InvokeAsync("refresh"));
        Assert.Null(line.Refresh);
    }

    [Fact]
    public async Task A_variable_replaces_an_absent_option_and_yields_to_a_given_one()
    {
        var line = new CommandLine()
            .With("VISMA_OPERATOR_WORKERS", "5")
            .With("VISMA_OPERATOR_HTTP_PORT", "9000")
            .With("VISMA_OPERATOR_NAMESPACES", "a, b")
            .With("VISMA_OPERATOR_LEADER_ELECT", "true")
            .With("VISMA_OPERATOR_CONTEXT", "  "); // set but empty: deployment tools cannot always leave a variable out

        await line.InvokeAsync("run", "--http-port", "9001");

        Assert.Equal((5, 9001, true, null), (line.Run!.Workers, line.Run.HttpPort, line.Run.LeaderElection, line.Run.Context));
        Assert.Equal(["a", "b"], line.Run.Namespaces);
    }

    [Fact]
    public async Task All_problems_are_named_at_once_and_nothing_starts()
    {
        var line = new CommandLine().With("VISMA_OPERATOR_LOG_LEVEL", "loud");

        var code = await line.InvokeAsync(
            "run",
            "--http-port",
            "70000",
            "--allowed-issuers",
            "http://id.example.com",
            "--namespaces",
            "Bad_Name",
            "--workers",
            "0"
        );

        Assert.Equal(ExitCode.UnusableArguments, code);
        Assert.Null(line.Run);
        Assert.Contains("--http-port: '70000' is not a whole number from 0 to 65535", line.Error, StringComparison.Ordinal);
        Assert.Contains("--allowed-issuers: 'http://id.example.com' does not begin with https://", line.Error, StringComparison.Ordinal);
        Assert.Contains("--namespaces: 'Bad_Name'", line.Error, StringComparison.Ordinal);
        Assert.Contains("--workers: '0'", line.Error, StringComparison.Ordinal);
        Assert.Contains(
            "VISMA_OPERATOR_LOG_LEVEL: 'loud' is not known. Write one of: trace, debug, information, warning, error.",
            line.Error,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("--allowed-issuers", "https://user@id.example.com", "user info")]
    [InlineData("--allowed-issuers", "id.example.com", "not an absolute URL")]
    [InlineData("--allowed-issuers", "https://id.example.com/?a=b", "query")]
    [InlineData("--allowed-api-hosts", "https://api.example.com", "host name")]
    [InlineData("--allowed-api-hosts", "api\u2024example.com", "ASCII host name")]
    [InlineData("--allowed-api-hosts", "api.\u212aonto.example.com", "ASCII host name")]
    [InlineData("--allowed-api-hosts", "API.Example.com:8443", "")]
    [InlineData("--allowed-api-hosts", "api.example.com\n", "")]
    [InlineData("--public-url", "operator.example.com", "must begin with https://")]
    [InlineData("--public-url", "http://operator.example.com", "unencrypted over http")]
    [InlineData("--public-url", "https://me@operator.example.com", "user name")]
    [InlineData("--public-url", "https://operator.example.com/?a=b", "query")]
    [InlineData("--public-url", "http://127.0.0.1:8081", "")]
    [InlineData("--public-url", "http://localhost:8081/", "")]
    [InlineData("--consent-port", "65536", "not a whole number")]
    [InlineData("--leader-elect", "perhaps", "neither true nor false")]
    [InlineData("--leader-elect-lease-duration", "6", "not a duration")]
    [InlineData("--leader-elect-lease-duration", "10s", "two processes could act at the same time")]
    [InlineData("--leader-elect-lease-duration", "15500ms", "whole seconds")]
    [InlineData("--leader-elect-renew-deadline", "2s", "one renewal that fails would lose the lease")]
    [InlineData("--leader-elect-retry-period", "1s", "")]
    [InlineData("--log-format", "xml", "is not known")]
    public async Task A_value_that_cannot_be_used_is_refused_with_its_cause(string option, string value, string cause)
    {
        var line = new CommandLine();

        var code = await line.InvokeAsync("run", option, value);

        // A line break around a value is what a mounted file leaves behind; it is taken off and the value judged without it.
        Assert.Equal(cause.Length == 0 ? ExitCode.Success : ExitCode.UnusableArguments, code);
        Assert.Contains(cause, line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_time_that_cannot_be_read_is_told_and_not_held_against_the_others()
    {
        var line = new CommandLine();

        Assert.Equal(
            ExitCode.UnusableArguments,
            await line.InvokeAsync("run", "--leader-elect-lease-duration", "thirty", "--leader-elect-renew-deadline", "20s")
        );

        Assert.Contains("--leader-elect-lease-duration: 'thirty' is not a duration", line.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("as renew deadline", line.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://operator.example.com", "--insecure-issuers", ExitCode.Success)]
    [InlineData("https://operator.example.com", "--http-port=8081", ExitCode.UnusableArguments)]
    public async Task The_public_url_can_be_combined_with_the_other_options(string url, string other, int code)
    {
        var line = new CommandLine();

        Assert.Equal(code, await line.InvokeAsync("run", "--public-url", url, other));
        Assert.Equal(
            code == ExitCode.UnusableArguments,
            line.Error.Contains("--consent-port: is the port of --http-port", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_single_value_given_twice_is_an_error_instead_of_a_silent_choice()
    {
        var line = new CommandLine();

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync("run", "--workers", "2", "--workers", "4"));
        Assert.Contains("--workers: is given more than once", line.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run", "--nonsense")]
    [InlineData("walk")]
    [InlineData("run", "--http-port")]
    public async Task Unknown_arguments_end_with_exit_code_2(params string[] arguments)
    {
        var line = new CommandLine();

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync(arguments));
        Assert.Contains("--help", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Local_names_every_option_that_it_lacks()
    {
        var line = new CommandLine();

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync("local"));
        Assert.All(
            ["--filename: is missing", "--out: is missing", "--state: is missing"],
            part => Assert.Contains(part, line.Error, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Local_takes_several_directories()
    {
        using var folder = new TemporaryFolder();
        var (first, second) = (folder.CreateFolder("first"), folder.CreateFolder("second"));
        var line = new CommandLine();

        await line.InvokeAsync("local", "-f", first, "-f", second, "--out", "o", "--state", "s", "--once");

        Assert.Equal([first, second], line.Local!.Manifests);
        Assert.Equal(("o", "s", LocalRun.Settled), (line.Local.Output, line.Local.State, line.Local.Until));
        Assert.Equal(LogFormat.Text, line.Local.Logs.Format);
    }

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("1h30m", 5_400)]
    public async Task A_timeout_is_written_as_Go_writes_durations(string text, int seconds)
    {
        using var folder = new TemporaryFolder();
        var line = new CommandLine();

        await line.InvokeAsync("local", "-f", folder.Path, "--out", "o", "--state", "s", "--once", "--timeout", text);

        Assert.Equal(TimeSpan.FromSeconds(seconds), line.Local!.Timeout);
    }

    [Theory]
    [InlineData("90")]
    [InlineData("0s")]
    [InlineData("-1m")]
    [InlineData("10000h")]
    public async Task A_timeout_that_is_none_is_refused_with_an_example(string text)
    {
        using var folder = new TemporaryFolder();
        var line = new CommandLine();

        Assert.Equal(
            ExitCode.UnusableArguments,
            await line.InvokeAsync("local", "-f", folder.Path, "--out", "o", "--state", "s", "--once", $"--timeout={text}")
        );
        Assert.Contains(
            $"--timeout: '{text}' is not a duration such as 30s, 5m or 1h30m. Leave it out for 2m.",
            line.Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_missing_directory_is_reported_before_anything_starts()
    {
        var line = new CommandLine();

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync("local", "-f", "/no/such/place", "--out", "o", "--state", "s"));
        Assert.Contains("--filename: '/no/such/place' does not exist", line.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("m/out", "m", "m/state", "--out: is the directory of -f")]
    [InlineData("m", "m", "m/state", "--out: is the directory of -f")]
    [InlineData("m", "out", "m", "--state: is the directory of -f")]
    [InlineData("m", "out", ".", "--state: is the directory of -f")]
    [InlineData("-", "out", "state", "--filename: '-' is standard input, which cannot be watched")]
    [InlineData("/dev/null", "out", "state", "--filename: '/dev/null' is empty, or no regular file")]
    [InlineData("dangling", "out", "state", "is empty, or no regular file")]
    public async Task Local_mode_does_not_read_what_it_writes_nor_what_it_cannot_watch(
        string manifests,
        string output,
        string state,
        string expected
    )
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["m", "out"]);
        File.CreateSymbolicLink(folder["dangling"], "pipe:[1]");
        string At(string path) => path[0] is '-' or '/' ? path : folder[path];
        var line = new CommandLine();

        Assert.Equal(
            ExitCode.UnusableArguments,
            await line.InvokeAsync("local", "-f", At(manifests), "--out", At(output), "--state", At(state))
        );
        Assert.Contains(expected, line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Local_mode_may_write_within_its_manifests()
    {
        using var folder = new TemporaryFolder();
        var line = new CommandLine();

        Assert.Equal(
            ExitCode.Success,
            await line.InvokeAsync(
                "local",
                "-f",
                folder.Path,
                "--out",
                folder["out"],
                "--state",
                folder["state"],
                "--ignore",
                "charts,*.json",
                "--ignore",
                "build/**"
            )
        );
        Assert.Equal(["charts", "*.json", "build/**"], line.Local!.Ignored);
    }

    [Fact]
    public async Task Crds_prints_both_definitions()
    {
        var line = new CommandLine();

        Assert.Equal(ExitCode.Success, await line.InvokeAsync("crds"));
        Assert.Contains("name: oauthclients.visma-operator.io", line.Output, StringComparison.Ordinal);
        Assert.Contains("name: vismaconnections.visma-operator.io", line.Output, StringComparison.Ordinal);
    }
}
