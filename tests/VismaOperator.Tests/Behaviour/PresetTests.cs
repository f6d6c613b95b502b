using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Publishing;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// The keys that presets write, read by the programs that they are for: a shell, curl and a JSON reader. A token may have any printable
/// character.
/// </summary>
public sealed class PresetTests : IDisposable
{
    // Every printable character but the space.
    private static readonly string everyCharacter = new([.. Enumerable.Range('!', '~' - '!' + 1).Select(code => (char)code)]);

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Tokens =>
    [
        "eyJhbGciOiJSUzI1NiJ9.e30.c2ln-_",
        everyCharacter,
        new string([.. everyCharacter.Where(character => character != '\'')]),
        "~root/$HOME",
        "'",
        "\"",
        "\\",
        "\\\"$(id)`id`${HOME}#!",
        "a#b",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Tokens))]
    public async Task A_shell_reads_from_dotenv_what_the_standard_keys_hold(string token)
    {
        var values = Values(token);
        var file = Write("dotenv", Text(SecretPreset.DotEnv, values));

        var read = await RunAsync("sh", "-c", $"set -a; . {file}; env -0");

        var variables = read.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        Assert.Equal(values, StandardKeys.All.ToDictionary(key => key, key => variables[$"VISMA_{key.ToUpperInvariant()}"]));
    }

    [Theory]
    [MemberData(nameof(Tokens))]
    public async Task Curl_sends_the_header_that_its_file_holds(string token)
    {
        var file = Write("curl", Text(SecretPreset.Curl, Values(token)));
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var received = ReceiveAsync(server);

        await RunAsync("curl", "--silent", "--noproxy", "*", "-K", file, $"http://{server.LocalEndpoint}/dimension");

        var lines = (await received).Split("\r\n");
        Assert.Equal("GET /dimension HTTP/1.1", lines[0]);
        Assert.Contains($"Authorization: Bearer {token}", lines);
    }

    [Theory]
    [MemberData(nameof(Tokens))]
    public void A_JSON_reader_finds_every_value_in_appsettings(string token)
    {
        var values = Values(token);
        using var json = JsonDocument.Parse(Text(SecretPreset.AppSettings, values));

        var section = json.RootElement.GetProperty("Visma");
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["AccessToken"] = token,
                ["TokenType"] = values["token_type"],
                ["Authorization"] = values["authorization"],
                ["ExpiresAt"] = values["expires_at"],
                ["Scope"] = values["scope"],
                ["TenantId"] = values["tenant_id"],
                ["ApiVersion"] = values["api_version"],
                ["BaseUrl"] = values["base_url"],
            },
            section.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetString()!)
        );
    }

    [Fact]
    public void A_value_without_special_characters_has_no_quotes_in_dotenv()
    {
        var lines = Text(SecretPreset.DotEnv, Values("eyJ.abc-_")).Split('\n');

        Assert.Equal("VISMA_ACCESS_TOKEN=eyJ.abc-_", lines[0]);
        Assert.Contains("VISMA_AUTHORIZATION='Bearer eyJ.abc-_'", lines);
        Assert.Contains("VISMA_BASE_URL=https://api.finance.visma.net/v1", lines);
        Assert.Contains("VISMA_EXPIRES_AT=2026-11-23T13:00:00Z", lines);
    }

    [Fact]
    public async Task Presets_follow_each_renewal_and_every_edit_is_put_back()
    {
        await using var test = await StartAsync([SecretPreset.DotEnv, SecretPreset.AppSettings, SecretPreset.Curl]);
        var first = await test.TokenSecretAsync();
        Assert.Equal(StandardKeys.All.Concat(["dotenv", "appsettings.json", "curl"]).Order(), first.Data!.Keys.Order());

        await test.PatchAsync<Secret>("acme-production-token", """{"data": {"curl": "ZWRpdGVk"}}""");
        await test.UntilIdleAsync();
        Assert.Equal(first.Text("curl"), (await test.TokenSecretAsync()).Text("curl"));
        Assert.Equal(1, test.TokenRequests);

        await test.AdvanceAsync(TimeSpan.FromMinutes(41));

        var second = await test.TokenSecretAsync();
        Assert.NotEqual(first.Text("access_token"), second.Text("access_token"));
        Assert.Equal($"header = \"Authorization: Bearer {second.Text("access_token")}\"\n", second.Text("curl"));
        Assert.Contains(second.Text("access_token"), second.Text("dotenv"), StringComparison.Ordinal);
        Assert.Contains(second.Text("access_token"), second.Text("appsettings.json"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_preset_that_comes_or_goes_is_one_write_and_no_token_request()
    {
        await using var test = await StartAsync([]);

        await test.ChangeConnectionAsync("""{"secret": {"presets": ["curl"]}}""");
        await test.UntilIdleAsync();
        Assert.True((await test.TokenSecretAsync()).Data!.ContainsKey("curl"));

        await test.ChangeConnectionAsync("""{"secret": {"presets": null}}""");
        await test.UntilIdleAsync();
        Assert.Equal(StandardKeys.All.Order(), (await test.TokenSecretAsync()).Data!.Keys.Order());
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_service_binding_has_its_entries_and_status_names_the_Secret()
    {
        await using var test = await StartAsync([SecretPreset.ServiceBinding]);

        var (secret, status) = (await test.TokenSecretAsync(), (await test.ConnectionAsync()).Status);

        Assert.Equal(("visma", "visma-operator"), (secret.Text("type"), secret.Text("provider")));
        Assert.Equal(secret.Text("base_url"), secret.Text("uri"));
        Assert.Equal("acme-production-token", status.Binding!.Name);

        await test.ChangeConnectionAsync("""{"secret": {"presets": null}}""");
        await test.UntilIdleAsync();
        Assert.Null((await test.ConnectionAsync()).Status.Binding);
    }

    [Fact]
    public async Task A_preset_of_a_later_version_is_told_and_stops_nothing_that_is_published()
    {
        await using var test = await StartAsync([]);
        var before = await test.TokenSecretAsync();

        await test.ChangeConnectionAsync("""{"secret": {"presets": ["toml"]}}""");

        var stalled = await test.UntilStalledAsync("InvalidSpec");
        Assert.Contains("spec.secret.presets[0]", stalled.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Equal(before.Data, (await test.TokenSecretAsync()).Data);
    }

    private static async Task<TestOperator> StartAsync(IReadOnlyList<SecretPreset> presets)
    {
        var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection().WithSecret(new SecretSpec { Presets = presets }));
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();
        return test;
    }

    private static Dictionary<string, string> Values(string token) =>
        new(StringComparer.Ordinal)
        {
            [StandardKeys.AccessToken] = token,
            [StandardKeys.TokenType] = "Bearer",
            [StandardKeys.Authorization] = $"Bearer {token}",
            [StandardKeys.ExpiresAt] = "2026-11-23T13:00:00Z",
            [StandardKeys.Scope] = "vismanet_erp_service_api:read vismanet_erp_service_api:create",
            [StandardKeys.TenantId] = string.Empty,
            [StandardKeys.ApiVersion] = "v1",
            [StandardKeys.BaseUrl] = "https://api.finance.visma.net/v1",
        };

    private static string Text(SecretPreset preset, Dictionary<string, string> values) =>
        PresetTexts.Of(preset, key => values[key]).Single().Text;

    private string Write(string name, string text)
    {
        File.WriteAllText(folder[name], text);
        return folder[name];
    }

    private static async Task<string> ReceiveAsync(TcpListener server)
    {
        using var client = await server.AcceptTcpClientAsync(Ct);
        await using var stream = client.GetStream();
        var (text, buffer) = (new StringBuilder(), new byte[4096]);
        while (!text.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer, Ct);
            Assert.NotEqual(0, read);
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        await stream.WriteAsync("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"u8.ToArray(), Ct);
        return text.ToString();
    }

    private static async Task<string> RunAsync(string program, params IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(Ct), process.StandardError.ReadToEndAsync(Ct));
        await process.WaitForExitAsync(Ct);
        Assert.True(process.ExitCode == 0, $"{program}: {process.ExitCode}: {await errors}");
        return await output;
    }
}
