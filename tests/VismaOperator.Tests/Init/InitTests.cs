using System.Text;
using VismaConnect.StandIn;
using VismaOperator.Api.Validation;
using VismaOperator.Cli;
using VismaOperator.Cli.Check;
using VismaOperator.Cli.Init;
using VismaOperator.Manifests;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Init;

/// <summary><c>init</c>: five questions, and what becomes of the answers.</summary>
public sealed class InitTests
{
    private static readonly string[] given =
    [
        "init",
        "--name",
        "integrations/acme",
        "--client-id",
        Some.ClientId,
        "--tenant-id",
        Some.Tenant,
        "--grant",
        "ClientCredentials",
        "--scopes",
        "vismanet_erp_service_api:read,vismanet_erp_service_api:create",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Five_answers_become_a_client_a_connection_and_a_place_for_the_secret()
    {
        var line = new Session("integrations/acme", Some.ClientId, Some.Tenant, "", "");

        Assert.Equal(ExitCode.Success, await line.InvokeAsync("init"));

        Assert.Equal(
            $"""
            # The client secret of the application, which the portal shows once. In production let External Secrets, Sealed Secrets or
            # SOPS make this Secret, and remove it here. It has no key, so that an apply never takes a value away.
            apiVersion: v1
            kind: Secret
            metadata:
              name: acme-credentials
              namespace: integrations
            # fill in: put the value into the cluster, from a file that holds nothing else:
            #   kubectl create secret generic acme-credentials -n integrations --dry-run=client -o yaml \
            #     --from-file=clientSecret=/dev/stdin < new-secret.txt \
            #     | kubectl apply --server-side --field-manager=client-secret -f -
            # With kubectl's own field manager, the next apply of this file would take the value away.
            # Local mode reads it here. Do not commit it with a value.
            # stringData:
            #   clientSecret: YOUR_CLIENT_SECRET
            ---
            # The application in the Visma developer portal: who asks for tokens.
            apiVersion: visma-operator.io/v1
            kind: OAuthClient
            metadata:
              name: acme
              namespace: integrations
            spec:
              clientID: {Some.ClientId}
              # The first secret is tried first. A new one is put before it by:
              #   visma-operator rotate acme -n integrations
              clientSecrets:
              - secretKeyRef:
                  name: acme-credentials
                  key: clientSecret
                # The expiry that the portal shows, so that you are warned 30 days ahead:
                # expirationTime: "2027-11-30T00:00:00Z"
            ---
            # One company (tenant) in Visma. Its token ends up in the Secret acme-token, always fresh.
            apiVersion: visma-operator.io/v1
            kind: VismaConnection
            metadata:
              name: acme
              namespace: integrations
            spec:
              # Version of the ERP API, v1 or v2. It decides base_url in the Secret.
              apiVersion: v1
              oauthClientRef:
                name: acme
              # Visma Admin > Company > Edit > Configuration > Tenant id. The Customer tenant id is another one.
              tenantID: {Some.Tenant}
              # The application acts for itself. AuthorizationCode: for a person who consents once.
              grant: ClientCredentials
              # As the application has them in the portal, one in each line.
              scopes:
              - vismanet_erp_service_api:read

            """,
            line.Output
        );
        Assert.Equal(5, line.Error.Split("]: ").Length - 1);
    }

    [Theory]
    [InlineData("\n\n\n\n\n")]
    [InlineData("acme\n\nnone\n\n\n")]
    [InlineData("acme\n\n\nauthorizationcode\nvismanet_erp_interactive_api:read, vismanet_erp_interactive_api:update\n")]
    public async Task Whatever_is_answered_the_manifests_keep_the_rules_of_check(string answers)
    {
        var line = new Session { Input = answers };

        Assert.Equal(ExitCode.Success, await line.InvokeAsync("init"));

        var read = ManifestReader.ReadText("init.yaml", line.Output);
        var report = ManifestCheck.Check(read, new AllowLists(), TimeProvider.System);
        Assert.Empty(read.Problems);
        Assert.Equal(2, report.Objects);
        Assert.DoesNotContain(report.Findings, finding => finding.Severity != Severity.Info && finding.Reason != "NotFilledIn");
    }

    [Theory]
    [InlineData("\n\n\n\n\n", "spec.clientID", "spec.tenantID")]
    [InlineData("acme\n\nnone\n\n\n", "spec.clientID")]
    [InlineData("acme\nisv_acme\nnone\n\n\n")]
    public async Task Check_refuses_each_place_that_was_not_filled_in(string answers, params string[] places)
    {
        var line = new Session { Input = answers };
        Assert.Equal(ExitCode.Success, await line.InvokeAsync("init"));

        var report = ManifestCheck.Check(ManifestReader.ReadText("init.yaml", line.Output), new AllowLists(), TimeProvider.System);

        var errors = report.Findings.Where(finding => finding.Severity == Severity.Error).ToList();
        Assert.All(errors, finding => Assert.Equal("NotFilledIn", finding.Reason));
        Assert.Equal(places, errors.Select(finding => finding.Path));
    }

    [Fact]
    public async Task What_options_answer_is_not_asked()
    {
        var line = new Session();

        Assert.Equal(ExitCode.Success, await line.InvokeAsync([.. given, "--api-version", "v2"]));

        Assert.Empty(line.Error);
        Assert.Contains("  apiVersion: v2\n", line.Output, StringComparison.Ordinal);
        Assert.Contains("  - vismanet_erp_service_api:read\n  - vismanet_erp_service_api:create\n", line.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_there_is_told_before_the_first_question()
    {
        using var folder = new TemporaryFolder();
        folder.Write("first.yaml", "mine");
        var line = new Session { Input = "" };

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync("init", "-o", folder["first.yaml"]));

        Assert.Contains("first.yaml exists already: nothing was written.", line.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("]: ", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_told_before_the_first_question()
    {
        using var folder = new TemporaryFolder();
        var line = new Session { Input = "" };

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync("init", "-o", folder["missing", "first.yaml"]));

        Assert.Contains($"--output: there is no folder {folder["missing"]}: nothing was written.", line.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("]: ", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_within_a_folder_names_the_files_that_were_written_before()
    {
        using var folder = new TemporaryFolder();
        DraftFile[] files = [new("first.yaml", "a: 1\n"), new("missing/second.yaml", "b: 2\n"), new("third.yaml", "c: 3\n")];

        var failure = Assert.Throws<IOException>(() => DraftFile.Write(folder["out"] + "/", files));

        Assert.StartsWith($"{folder["out"]}/missing/second.yaml could not be written (", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith(
            $"{folder["out"]}/first.yaml was written before it; remove that, and run this again.",
            failure.Message,
            StringComparison.Ordinal
        );
        Assert.Equal("a: 1\n", File.ReadAllText(folder["out", "first.yaml"]));
        Assert.False(File.Exists(folder["out", "third.yaml"]));
    }

    [Theory]
    [InlineData("", "--name")]
    [InlineData("acme\n", "--client-id")]
    [InlineData("acme\nisv_acme", "--tenant-id")]
    public async Task An_input_that_ends_early_names_the_option_that_is_missing(string answers, string option)
    {
        var line = new Session { Input = answers };

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync("init"));
        Assert.EndsWith(
            $"visma-operator: The input ended before this was answered. Answer it by {option}, or on a terminal.\n",
            line.Error,
            StringComparison.Ordinal
        );
        Assert.Empty(line.Output);
    }

    [Theory]
    [InlineData("Acme\n", "--name: 'Acme': a name is made of at most 253 lower-case letters")]
    [InlineData("a/b/c\n", "--name: 'a/b/c': ")]
    [InlineData("acme\nan id with blanks\n", "--client-id: 'an id with blanks': a client id is made of at most 100 printable ASCII")]
    [InlineData("acme\nisv\nnot-a-guid\n", "--tenant-id: 'not-a-guid': the tenant id must be a GUID")]
    [InlineData("acme\nisv\n\npassword\n", "--grant: 'password': write ClientCredentials or AuthorizationCode")]
    [InlineData("acme\nisv\n\n\nopenid\n", "--scopes: 'openid': the scopes openid, profile")]
    [InlineData("acme\nisv\nnone\n\nvismanet_erp_service_api:read\n", "tenantID is required with scopes of the ERP API")]
    public async Task An_answer_that_breaks_a_rule_ends_a_script_with_the_cause(string answers, string cause)
    {
        var line = new Session { Input = answers };

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync("init"));
        Assert.Contains(cause, line.Error, StringComparison.Ordinal);
        Assert.Empty(line.Output);
    }

    [Fact]
    public async Task A_person_is_told_the_cause_and_asked_again()
    {
        var line = new Session("Acme", "acme", "isv_acme", "x", Some.Tenant, "", "") { IsTerminal = true };

        Assert.Equal(ExitCode.Success, await line.InvokeAsync("init"));

        Assert.Contains("\n  name: acme\n", line.Output, StringComparison.Ordinal);
        Assert.Equal(2, line.Error.Split("Name of the client and the connection").Length - 1);
        Assert.Equal(2, line.Error.Split("Tenant id of the company").Length - 1);
    }

    [Fact]
    public async Task A_line_without_an_end_does_not_fill_the_memory()
    {
        var line = new Session { Input = new string('x', 10_000) };

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync("init"));
        Assert.Contains("A line of the input is longer than 4096 bytes", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_is_written_and_none_is_overwritten()
    {
        using var folder = new TemporaryFolder();
        var (file, parts) = (folder["first.yaml"], folder["parts"] + "/");

        Assert.Equal(ExitCode.Success, await new Session().InvokeAsync([.. given, "-o", file]));
        Assert.Equal(ExitCode.Success, await new Session().InvokeAsync([.. given, "-o", parts]));
        var again = new Session();
        Assert.Equal(ExitCode.UnusableArguments, await again.InvokeAsync([.. given, "-o", file]));
        Assert.Equal(ExitCode.UnusableArguments, await new Session().InvokeAsync([.. given, "-o", parts]));

        Assert.Contains($"--output: {file} exists already: nothing was written.", again.Error, StringComparison.Ordinal);
        Assert.Equal(
            ["oauthclient-acme.yaml", "secret-acme-credentials.yaml", "vismaconnection-acme.yaml"],
            Directory.EnumerateFiles(parts).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)
        );
        Assert.Equal(0, await new Session().InvokeAsync("check", "-f", file));
        Assert.Equal(0, await new Session().InvokeAsync("check", "-f", parts));
    }

    [Fact]
    public async Task With_the_secret_filled_in_local_mode_makes_the_connection_Ready()
    {
        await using var provider = await VismaConnectStandIn.StartAsync(Some.Provider(TimeProvider.System), Ct);
        using var folder = new TemporaryFolder();
        var line = new Session();
        Assert.Equal(ExitCode.Success, await line.InvokeAsync(given));

        await LocalOnce.IsReadyAsync(folder, provider, line.Output.Replace(
            "spec:\n  clientID",
            $"spec:\n  issuer: {provider.Issuer.OriginalString}\n  clientID",
            StringComparison.Ordinal
        ));

        Assert.Equal("granted", Assert.Single(provider.Ledger.TokenRequests).Outcome);
        Assert.True(File.Exists(folder["out", "integrations", "acme-token", "access_token"]));
    }
}

/// <summary>The verbs that read answers, as the executable has them.</summary>
/// <param name="answers">Lines of standard input.</param>
internal sealed class Session(params string[] answers)
{
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    /// <summary>Standard input.</summary>
    public string Input { get; init; } = string.Concat(answers.Select(answer => answer + "\n"));

    /// <summary>True for a person who may answer again.</summary>
    public bool IsTerminal { get; init; }

    public string Output => output.ToString();

    public string Error => error.ToString();

    public Task<int> InvokeAsync(params string[] arguments)
    {
        var process = new CommandContext(_ => null, output, error, TimeProvider.System)
        {
            Input = () => new MemoryStream(Encoding.UTF8.GetBytes(Input)),
            IsInputTerminal = IsTerminal,
        };
        return CommandTree.InvokeAsync(arguments, process, Verbs.Of(process), TestContext.Current.CancellationToken);
    }
}
