using System.CommandLine;
using System.Text.Json;
using VismaConnect.StandIn;

var port = new Option<int>("--port") { Description = "Port on 127.0.0.1; 0 for a free one.", DefaultValueFactory = _ => 0 };
var https = new Option<bool>("--https") { Description = "https with a self-signed certificate." };
var config = new Option<FileInfo?>("--config")
{
    Description = "JSON file with the members of StandInOptions: clients, tenants, accessTokenLifetime, ...",
};
var clients = new Option<string[]>("--client") { Description = "A client as ID=SECRET, repeatable; it may have every ERP service scope." };
var tenants = new Option<string[]>("--tenant") { Description = "A tenant id that has approved every client, repeatable." };
var lifetime = new Option<int?>("--lifetime") { Description = "Lifetime of access tokens in seconds (3600)." };
var secretsFile = new Option<string?>("--secrets-file") { Description = "Every secret issued is appended to this file." };
var root = new RootCommand("A stand-in of Visma Connect for tests and demonstrations.")
{
    port,
    https,
    config,
    clients,
    tenants,
    lifetime,
    secretsFile,
};

root.SetAction(
    async (arguments, cancellationToken) =>
    {
        var options = Read(arguments.GetValue(config));
        options = options with
        {
            Port = arguments.GetValue(port) is var asked and not 0 ? asked : options.Port,
            Scheme = arguments.GetValue(https) ? StandInScheme.Https : options.Scheme,
            Clients = [.. options.Clients, .. (arguments.GetValue(clients) ?? []).Select(ToClient)],
            Tenants = [.. options.Tenants, .. (arguments.GetValue(tenants) ?? []).Select(id => new StandInTenant(id))],
            AccessTokenLifetime = arguments.GetValue(lifetime) is { } seconds ? TimeSpan.FromSeconds(seconds) : options.AccessTokenLifetime,
            SecretsFile = arguments.GetValue(secretsFile) ?? options.SecretsFile,
        };
        await using var standIn = await VismaConnectStandIn.StartAsync(options, cancellationToken);
        Console.WriteLine($"Visma Connect stand-in listens on {standIn.Url.OriginalString}");
        await standIn.WaitForShutdownAsync(cancellationToken);
        return 0;
    }
);
return await root.Parse(args).InvokeAsync();

static StandInOptions Read(FileInfo? file) => file is null
    ? new StandInOptions()
    : JsonSerializer.Deserialize<StandInOptions>(File.ReadAllText(file.FullName), Administration.Json)!;

static StandInClient ToClient(string text) => text.Split('=', 2) is [var id, var secret]
    ? new StandInClient(id) { Secrets = [new StandInSecret(secret)] }
    : throw new FormatException("--client takes ID=SECRET");
