using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Api.Validation;
using VismaOperator.Cli;
using VismaOperator.Cli.Check;
using VismaOperator.Cli.Import;
using VismaOperator.Manifests;
using VismaOperator.Tests.Init;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Import;

/// <summary>
/// <c>import</c>: each export in <c>Exports</c> beside the manifests (.yaml) and the report (.txt) that it gives. <c>WRITE_GOLDEN=1</c>
/// writes them anew, to be read before they are committed.
/// </summary>
public sealed class ImportTests
{
    private const string Auth = "\"auth\": {\"oauth\": {\"scope\": [\"vismanet_erp_service_api:read\"]}}";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Folder => Repository.Path("tests", "VismaOperator.Tests", "Import");

    public static TheoryData<string, int> Exports() => new()
    {
        { "service", ExitCode.Success },
        { "interactive", ExitCode.Success },
        { "lonely-connection", ExitCode.Success },
        { "all-fields", ExitCode.Success },
        { "hostile", ExitCode.Success },
        { "other-provider", ExitCode.Failure },
    };

    [Theory]
    [MemberData(nameof(Exports))]
    public async Task An_export_becomes_these_manifests_and_this_report(string name, int code)
    {
        var line = new Session();

        Assert.Equal(code, await line.InvokeAsync("import", FileOf(name), "-n", "integrations"));

        var report = line.Error.Replace(FileOf(name), $"{name}.json", StringComparison.Ordinal);
        Compare($"{name}.yaml", line.Output);
        Compare($"{name}.txt", report);
    }

    [Theory]
    [MemberData(nameof(Exports))]
    public async Task The_manifests_pass_check_and_no_secret_is_anywhere(string name, int code)
    {
        var line = new Session();

        Assert.Equal(code, await line.InvokeAsync("import", FileOf(name), "-n", "integrations"));

        var read = ManifestReader.ReadText("import.yaml", line.Output);
        var report = ManifestCheck.Check(read, new AllowLists(), TimeProvider.System);
        Assert.Empty(read.Problems);
        Assert.DoesNotContain(report.Findings, finding => finding.Severity != Severity.Info && finding.Reason != "NotFilledIn");
        Assert.Equal(
            line.Output.Split(" # fill in\n").Length - 1,
            report.Findings.Count(finding => finding is { Severity: Severity.Error, Reason: "NotFilledIn" })
        );
        Assert.All(SecretsIn(name), secret => Assert.DoesNotContain(secret, line.Output + line.Error, StringComparison.Ordinal));
        Assert.DoesNotContain(line.Output + line.Error, letter => letter != '\n' && char.IsControl(letter));
    }

    [Fact]
    public async Task Every_secret_that_stands_in_clear_is_told_by_its_field()
    {
        var line = new Session();

        await line.InvokeAsync("import", FileOf("all-fields"));

        Assert.Equal(
            [
                "http.auth.token.refreshBody",
                "http.auth.token.refreshToken",
                "http.clientCertificates",
                "http.encrypted",
                "http.headers",
                "jwt",
                "oauth2.clientSecret",
                "oauth2.encrypted",
                "oauth2.password",
                "oauth2.token.body",
                "oauth2.token.headers",
            ],
            line.Error.Split('\n')
                .Where(note => note.Contains(": secret: ", StringComparison.Ordinal))
                .Select(note => note.Split(": ")[2])
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Every_field_of_the_public_schemas_is_known_and_no_other()
    {
        var lines = File.ReadAllLines(Path.Combine(Folder, "fields.txt"));

        Assert.Equal(Listed(lines, "iclient: "), ExportFields.OfClient.Known);
        Assert.Equal(Listed(lines, "connection: "), ExportFields.OfConnection.Known);
    }

    [Theory]
    [InlineData("iclient: ", "oauth2")]
    [InlineData("connection: ", "http")]
    public async Task A_field_that_no_schema_names_is_told_and_so_is_every_field_that_nothing_is_made_of(string kind, string part)
    {
        var lines = File.ReadAllLines(Path.Combine(Folder, "fields.txt"));
        using var folder = new TemporaryFolder();
        foreach (var field in Listed(lines, kind).Append("brandNew").Append($"{part}.brandNew"))
        {
            var fields = kind == "iclient: " ? ExportFields.OfClient : ExportFields.OfConnection;
            if (fields.Find(field) is ExportField.Taken or ExportField.Parts)
            {
                continue;
            }

            folder.Write("export.json", With(new JsonObject { [part] = new JsonObject() }, field).ToJsonString());
            var line = new Session();
            await line.InvokeAsync("import", folder["export.json"]);
            Assert.Contains($": {field}: ", line.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("{\"name\": \"x\",\n \"provider\": ", ":3:1: ", "error: this is neither JSON nor YAML")]
    [InlineData("{\"name\": \"x\",\n \"name\": \"y\", \"provider\": \"p\"}", ":2:2: error: ", "name")]
    [InlineData("[1, 2]", ":1:2: error: ", "this is no object, and no list of objects")]
    [InlineData("just text", ":1:1: error: ", "this is no object")]
    public async Task An_input_that_is_no_export_is_refused_with_its_place(string text, string place, string cause)
    {
        using var folder = new TemporaryFolder();
        folder.Write("export.json", text);
        var line = new Session();

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync("import", folder["export.json"]));

        Assert.Contains(folder["export.json"] + place, line.Error, StringComparison.Ordinal);
        Assert.Contains(cause, line.Error, StringComparison.Ordinal);
        Assert.EndsWith("Nothing was written, since the files cannot be read as a whole.\n", line.Error, StringComparison.Ordinal);
        Assert.Empty(line.Output);
    }

    [Fact]
    public async Task A_hundred_thousand_brackets_are_refused_in_a_few_lines()
    {
        var line = new Session { Input = "{\"provider\": " + new string('[', 100_000) };

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync("import", "-"));
        Assert.InRange(line.Error.Length, 1, 1000);
    }

    [Fact]
    public async Task A_secret_that_is_repeated_in_a_name_is_not_written()
    {
        var line = new Session
        {
            Input = """
                {"name": "app a-secret-in-a-name", "provider": "custom_oauth2", "oauth2": {"clientSecret": "a-secret-in-a-name"}}
                """,
        };

        Assert.Equal(ExitCode.UnusableArguments, await line.InvokeAsync("import", "-"));
        Assert.Empty(line.Output);
        Assert.Contains("has a secret of the export in it", line.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("a-secret-in-a-name", line.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://salesorder.visma.net", "/v1/salesorders", "salesorder.visma.net", "    path: \"/v1/salesorders\"\n")]
    [InlineData("https://api.finance.visma.net", "/v2/customer", "", "    path: \"/customer\"\n")]
    [InlineData("https://api.finance.visma.net", "/v1", "", null)]
    [InlineData("https://integration.visma.net/API", "/controller/api/v1/dimension", "", null)]
    [InlineData("https://integration.visma.net/API/controller/api/v1", "/dimension", "", "    path: \"/dimension\"\n")]
    public async Task A_probe_asks_the_address_that_is_written_or_a_note_says_that_there_is_none(
        string baseUri,
        string ping,
        string hosts,
        string? path
    )
    {
        var line = await ImportAsync(
            $$"""{"type": "http", "http": {"baseURI": "{{baseUri}}", "ping": {"relativeURI": "{{ping}}"}, {{Auth}} } }""",
            hosts.Length == 0 ? [] : ["--allowed-api-hosts", hosts]
        );

        Assert.Equal(path is null, !line.Output.Contains("  probe:", StringComparison.Ordinal));
        Assert.Contains(path ?? ": no counterpart: http.ping.relativeURI: ", line.Output + line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_takes_no_scope_and_no_grant_of_another_one_and_is_told_whose_client_it_was_given()
    {
        var line = await ImportAsync(
            """
            [{"type": "http", "name": "first", "http": {"auth": {"oauth":
                {"grantType": "authorizecode", "scope": ["vismanet_erp_interactive_api:create"]}}}},
             {"type": "http", "name": "second", "http": {"auth": {"oauth": {}}}}]
            """
        );

        var second = line.Output[line.Output.LastIndexOf("kind: VismaConnection", StringComparison.Ordinal)..];
        Assert.Contains("  grant: ClientCredentials\n", second, StringComparison.Ordinal);
        Assert.DoesNotContain(":create", second, StringComparison.Ordinal);
        Assert.Contains("It names no iClient: it was given OAuthClient first, which was made of", line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fields_that_contradict_each_other_are_told()
    {
        const string Other = "11111111-2222-3333-4444-555555555555";
        var line = await ImportAsync(
            $$"""
            [{"_id": "c", "provider": "custom_oauth2", "oauth2": {"grantType": "clientcredentials", "scope": ["a:read"]} },
             {"type": "http", "http": {"_iClientId": "c", "auth": {
                "token": {"refreshBody": "tenant_id={{Other}}"},
                "oauth": {"grantType": "authorizecode", "useIClientFields": true, "accessTokenBody": "tenant_id={{Some.Tenant}}"} } } }]
            """
        );

        Assert.Contains("  grant: ClientCredentials\n", line.Output, StringComparison.Ordinal);
        Assert.Contains($"  tenantID: {Some.Tenant}\n", line.Output, StringComparison.Ordinal);
        Assert.Contains(": changed: http.auth.oauth.grantType: Its iClient says something else", line.Error, StringComparison.Ordinal);
        Assert.Contains(": changed: http.auth.token.refreshBody: It names another tenant", line.Error, StringComparison.Ordinal);

        var given = await ImportAsync(
            $$"""{"type": "http", "http": {"auth": {"oauth": {"accessTokenBody": "tenant_id={{Some.Tenant}}" } } } }""",
            ["--tenant-id", Other]
        );
        Assert.Contains("name different tenants: that of the connection was written", given.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("b:read a:read", "false", null)]
    [InlineData("a:read", "false", "Its iClient has other scopes: those of the connection count.")]
    [InlineData("a:read", "true", "useIClientFields is true: the scopes of the iClient count.")]
    public async Task Scopes_that_differ_from_those_of_the_iClient_are_told(string scopes, string isClientFirst, string? words)
    {
        var line = await ImportAsync(
            $$"""
            [{"_id": "c", "provider": "custom_oauth2", "oauth2": {"scope": ["a:read", "b:read"]} },
             {"type": "http", "http": {"_iClientId": "c", "auth": {"oauth": {"scope": "{{scopes}}", "useIClientFields": {{isClientFirst}},
                "clientCredentialsLocation": "body", "accessTokenBody": "tenant_id={{Some.Tenant}}"} } } }]
            """
        );

        Assert.Equal(words is not null, line.Error.Contains(": changed: http.auth.oauth.scope: ", StringComparison.Ordinal));
        Assert.Contains(words ?? string.Empty, line.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("clientCredentialsLocation", line.Error, StringComparison.Ordinal); // body is what the iClient has by default
    }

    [Theory]
    [InlineData("\"body\"", "body", null)]
    [InlineData("null", "body", null)]
    [InlineData("\"basicauthheader\"", "body", "Its iClient says something else, which counts: see spec of the OAuthClient.")]
    [InlineData("null", "basicauthheader", "Its iClient does not say, so that the default counts: see spec of the OAuthClient.")]
    public async Task What_an_iClient_says_otherwise_or_does_not_say_is_told_as_it_is(string ofClient, string own, string? words)
    {
        const string Field = ": changed: http.auth.oauth.clientCredentialsLocation: ";
        var line = await ImportAsync(
            $$"""
            [{"_id": "c", "provider": "custom_oauth2", "oauth2": {"clientCredentialsLocation": {{ofClient}} } },
             {"type": "http", "http": {"_iClientId": "c", "auth": {"oauth": {"clientCredentialsLocation": "{{own}}" } } } }]
            """
        );

        Assert.Equal(words is not null, line.Error.Contains(Field, StringComparison.Ordinal));
        Assert.Contains(words is null ? string.Empty : Field + words, line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_was_made_of_another_connection_is_not_said_to_be_one_of_an_iClient()
    {
        var line = await ImportAsync(
            """
            [{"type": "http", "name": "first", "http": {"auth": {"oauth": {"clientCredentialsLocation": "basicauthheader"}}}},
             {"type": "http", "name": "second", "http": {"auth": {"oauth": {"clientCredentialsLocation": "body"}}}}]
            """
        );

        Assert.Contains(
            ": changed: http.auth.oauth.clientCredentialsLocation: The connection that its OAuthClient was made of says something else",
            line.Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_placeholder_in_an_export_is_told_as_a_place_to_fill_in()
    {
        const string Zeros = "00000000-0000-0000-0000-000000000000";
        var export = $$"""
            [{"_id": "c", "provider": "custom_oauth2", "oauth2": {"clientId": "YOUR_CLIENT_ID"} },
             {"type": "http", "http": {"_iClientId": "c", "auth": {"oauth": {
                "scope": ["vismanet_erp_service_api:read"], "accessTokenBody": "tenant_id={{Zeros}}"} } } }]
            """;

        var line = await ImportAsync(export);

        Assert.Contains(": fill in: oauth2.clientId: ", line.Error, StringComparison.Ordinal);
        Assert.Contains(": changed: http.auth.oauth.accessTokenBody: A tenant id of zeros", line.Error, StringComparison.Ordinal);
        Assert.Contains(": fill in: http.auth.oauth.accessTokenBody: ", line.Error, StringComparison.Ordinal);
        Assert.Contains($"  tenantID: {Zeros} # fill in\n", line.Output, StringComparison.Ordinal);
        var given = await ImportAsync(export, ["--tenant-id", Some.Tenant]);
        Assert.Contains($"  tenantID: {Some.Tenant}\n", given.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("different tenants", given.Error, StringComparison.Ordinal);
        var zeros = await ImportAsync(export, ["--tenant-id", Zeros], ExitCode.UnusableArguments);
        Assert.Contains($"--tenant-id: '{Zeros}' is the tenant id of no company.", zeros.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http.auth.basic.password")]
    [InlineData("http.auth.oauth.clientSecret")]
    [InlineData("settings.apiKey")]
    [InlineData("http.unencrypted.token")]
    [InlineData("mySecret.value")]
    public async Task A_secret_in_a_field_that_is_not_known_is_told_and_in_no_output(string field)
    {
        var export = With(new JsonObject { ["type"] = "http", ["name"] = "of a value" }, field).ToJsonString();

        var line = await ImportAsync(export.Replace("a value", "a-value-in-clear", StringComparison.Ordinal), code: 2);

        Assert.Empty(line.Output);
        Assert.Contains("has a secret of the export in it", line.Error, StringComparison.Ordinal);
        var alone = await ImportAsync(export.Replace("of a value", "plain", StringComparison.Ordinal));
        Assert.Contains(": secret: ", alone.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_but_the_host_of_a_URL_is_repeated()
    {
        var line = await ImportAsync(
            """
            [{"_id": "c", "provider": "custom_oauth2", "oauth2": {"token": {"uri": "https://hooks.example.com/services/T0/KEY-1"}}},
             {"type": "http", "http": {"baseURI": "https://gate.example.com/KEY-2", "_iClientId": "none"}}]
            """,
            code: 1
        );

        Assert.Contains("the host hooks.example.com ", line.Error, StringComparison.Ordinal);
        Assert.Contains("the host gate.example.com ", line.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("KEY-", line.Output + line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_scope_that_stands_twice_in_a_text_is_written_once()
    {
        var line = await ImportAsync(
            """{"type": "http", "http": {"auth": {"oauth": {"scope": "vismanet_erp_service_api:read vismanet_erp_service_api:read"}}}}"""
        );

        Assert.Equal(2, line.Output.Split("  - vismanet_erp_service_api:read\n").Length);
    }

    [Fact]
    public async Task Files_are_written_one_for_each_object_and_none_is_overwritten()
    {
        using var folder = new TemporaryFolder();
        var target = folder["out"] + "/";

        Assert.Equal(ExitCode.Success, await new Session().InvokeAsync("import", FileOf("service"), "-o", target));
        Assert.Equal(ExitCode.UnusableArguments, await new Session().InvokeAsync("import", FileOf("service"), "-o", target));

        Assert.Equal(
            ["oauthclient-visma-erp-acme.yaml", "secret-visma-erp-acme-credentials.yaml", "vismaconnection-acme-as-production.yaml"],
            Directory.EnumerateFiles(target).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task With_the_secret_filled_in_local_mode_makes_the_connection_Ready()
    {
        await using var provider = await VismaConnectStandIn.StartAsync(Some.Provider(TimeProvider.System), Ct);
        using var folder = new TemporaryFolder();
        var issuer = provider.Issuer.OriginalString;
        var line = new Session
        {
            Input = (await File.ReadAllTextAsync(FileOf("service"), Ct))
                .Replace("https://connect.visma.com", issuer, StringComparison.Ordinal)
                .Replace("\"ping\": { \"relativeURI\": \"/dimension\", \"method\": \"GET\" },", string.Empty, StringComparison.Ordinal),
        };

        Assert.Equal(0, await line.InvokeAsync("import", "-", "-n", "integrations", "--allowed-issuers", issuer, "--insecure-issuers"));
        await LocalOnce.IsReadyAsync(folder, provider, line.Output);

        var request = Assert.Single(provider.Ledger.TokenRequests).Request;
        Assert.Equal((Some.Tenant, "client_secret_post"), (request.TenantId, request.AuthenticationMethod));
        Assert.Equal(["vismanet_erp_service_api:read"], request.Scopes);
        Assert.True(File.Exists(folder["out", "integrations", "acme-as-production-token", "access_token"]));
    }

    private static async Task<Session> ImportAsync(string export, string[]? options = null, int code = ExitCode.Success)
    {
        var line = new Session { Input = export };
        Assert.Equal(code, await line.InvokeAsync(["import", "-", .. options ?? []]));
        return line;
    }

    private static string FileOf(string name) => Path.Combine(Folder, "Exports", $"{name}.json");

    private static void Compare(string name, string actual)
    {
        var file = Path.Combine(Folder, "Exports", name);
        if (Environment.GetEnvironmentVariable("WRITE_GOLDEN") == "1")
        {
            File.WriteAllText(file, actual);
            return;
        }

        Assert.Equal(File.ReadAllText(file), actual);
    }

    private static IEnumerable<string> Listed(IEnumerable<string> lines, string kind) =>
        lines
            .Where(line => line.StartsWith(kind, StringComparison.Ordinal))
            .SelectMany(line => line[kind.Length..].Split(' '))
            .Order(StringComparer.Ordinal);

    private static JsonObject With(JsonObject root, string field)
    {
        var (node, names) = (root, field.Split('.'));
        foreach (var name in names[..^1])
        {
            if (node[name] is not JsonObject below)
            {
                node[name] = below = [];
            }

            node = below;
        }

        node[names[^1]] = "a value";
        return root;
    }

    // In the exports every secret says so of itself.
    private static IEnumerable<string> SecretsIn(string name) =>
        System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(FileOf(name)), "[A-Za-z-]+-in-clear").Select(match => match.Value);
}
