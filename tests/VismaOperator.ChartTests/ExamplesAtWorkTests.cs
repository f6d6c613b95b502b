using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.ChartTests;

/// <summary>The examples applied for good, with an operator of the chart at work: every connection ends as its file says.</summary>
/// <remarks>
/// The issuer is the stand-in, which knows the clients and tenants of the files; the Secrets that belong into no repository are made up.
/// </remarks>
public sealed class ExamplesAtWorkTests(InstallServer fixture) : ReleaseTests(fixture)
{
    private const string Group = "/apis/visma-operator.io/v1";
    private const string SecretValue = "quickstart-only";

    // The company of the quickstart that has not approved the application.
    private const string NotApproved = "5f2c1a3e-7b64-4d0a-9c55-0f6a8f0f1a99";

    private static readonly string[] folders =
    [
        "quickstart",
        "many-tenants",
        "cross-namespace",
        "copies",
        "consuming-the-secret",
        "argo-cd/app",
        "client-secret",
        "kustomize/base",
    ];
    private static readonly string[] kinds = ["Namespace", "Secret", "OAuthClient", "VismaConnection"];

    [Fact]
    public async Task All_examples_in_one_cluster_become_what_their_files_say()
    {
        var examples = folders.ToDictionary(folder => folder, ObjectsOf);
        await using var provider = await VismaConnectStandIn.StartAsync(ProviderFor(examples.Values.SelectMany(objects => objects)), Ct);
        await Of("helm4", OperatorNamespace)
            .InstallAsync(Chart.Folder, "--set", $"insecureIssuers=true,allowedIssuers={{{provider.Issuer.OriginalString}}}");
        await using var running = await Replica.StartAsync(Server, OperatorNamespace);

        // All in one cluster, as a newcomer who tries one example after the other has them.
        foreach (var objects in examples.Values)
        {
            await ApplyAsync(objects, provider);
        }

        foreach (var connection in examples.Values.SelectMany(objects => objects).Where(resource => resource.Kind() == "VismaConnection"))
        {
            await EndsAsItSaysAsync(connection, running);
        }

        foreach (var objects in examples.Values)
        {
            await RemoveAsync(objects);
        }
    }

    [Fact]
    public async Task A_person_who_follows_the_link_of_the_interactive_example_gives_it_its_token()
    {
        var objects = ObjectsOf("interactive");
        var redirectUri = objects.Single(resource => resource.Kind() == "OAuthClient")["spec"]!["redirectURI"]!.GetValue<string>();
        await using var provider = await VismaConnectStandIn.StartAsync(PersonsConsent.Interactive(ProviderFor(objects), redirectUri), Ct);
        var values = RepositoryFolder.PathOf("examples/consent-pages/values.yaml");
        await Of("helm4", OperatorNamespace)
            .InstallAsync(
                Chart.Folder,
                "--values",
                values,
                "--set",
                $"insecureIssuers=true,allowedIssuers={{{provider.Issuer.OriginalString}}}"
            );
        await using var running = await Replica.StartAsync(Server, OperatorNamespace);
        using var person = new PersonAtBrowser(running.Pages, provider);
        var connection = objects.Single(resource => resource.Kind() == "VismaConnection");

        await ApplyAsync(objects, provider);
        var link = await LinkAsync(connection, running);
        Assert.StartsWith(
            YamlDocuments.Read(values).Single()["publicURL"]!.GetValue<string>() + "/connect/",
            link,
            StringComparison.Ordinal
        );
        var page = await person.ConsentAsync(new Uri(link), PersonsConsent.Person, connection["spec"]!["tenantID"]!.GetValue<string>());

        Assert.Contains("<h1>Your consent is stored</h1>", page, StringComparison.Ordinal);
        await EndsAsItSaysAsync(connection, running);
        var secret = await Server.Admin.GetAsync($"/api/v1/namespaces/{connection.Namespace()}/secrets/{connection.Name()}-token", Ct);
        Assert.NotEmpty(secret["data"]!["access_token"]!.GetValue<string>());
        await RemoveAsync(objects);
    }

    private static List<JsonNode> ObjectsOf(string folder)
    {
        var written = Directory
            .GetFiles(RepositoryFolder.PathOf($"examples/{folder}"), "*.yaml")
            .Order(StringComparer.Ordinal)
            .SelectMany(YamlDocuments.Read)
            .Where(resource => kinds.Contains(resource.Kind()))
            .ToList();
        foreach (var resource in written.Where(resource => resource.Kind() != "Namespace" && resource.Namespace() is null))
        {
            resource["metadata"]!["namespace"] = "default"; // where kubectl apply puts them
        }

        var namespaces = written
            .Select(resource => resource.Namespace())
            .OfType<string>()
            .Distinct()
            .Except(written.Where(resource => resource.Kind() == "Namespace").Select(Chart.Name));
        var secrets = written
            .Where(resource => resource.Kind() == "OAuthClient")
            .SelectMany(SecretsOf)
            .Where(secret => !written.Exists(resource => resource.Kind() == "Secret" && resource.Name() == secret.Name()));
        JsonNode[] all =
        [
            .. namespaces.Where(name => name != "default").Select(name => Resource("Namespace", name, null)),
            .. secrets,
            .. written,
        ];
        return [.. all.OrderBy(resource => resource.Kind() == "Namespace" ? 0 : 1)];
    }

    private static IEnumerable<JsonNode> SecretsOf(JsonNode client) =>
        from entry in client["spec"]!["clientSecrets"]!.AsArray()
        let reference = entry!["secretKeyRef"]!
        select Resource(
            "Secret",
            reference["name"]!.GetValue<string>(),
            client.Namespace(),
            new JsonObject { [reference["key"]!.GetValue<string>()] = SecretValue }
        );

    private static JsonObject Resource(string kind, string name, string? ns, JsonObject? data = null)
    {
        var resource = new JsonObject { ["apiVersion"] = "v1", ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = name } };
        if (ns is not null)
        {
            resource["metadata"]!["namespace"] = ns;
            resource["stringData"] = data;
        }

        return resource;
    }

    private static StandInOptions ProviderFor(IEnumerable<JsonNode> objects)
    {
        var all = objects.ToList();
        var clients = all.Where(resource => resource.Kind() == "OAuthClient")
            .Select(client => client["spec"]!["clientID"]!.GetValue<string>())
            .Distinct();
        var tenants = all.Where(resource => resource.Kind() == "VismaConnection")
            .Select(connection => connection["spec"]!["tenantID"]!.GetValue<string>())
            .Distinct();
        return new StandInOptions
        {
            Clients = [.. clients.Select(id => new StandInClient(id) { Secrets = [new StandInSecret(SecretValue)] })],
            Tenants = [.. tenants.Select(id => id == NotApproved ? new StandInTenant(id) { ApprovedClients = [] } : new StandInTenant(id))],
        };
    }

    private async Task ApplyAsync(IReadOnlyList<JsonNode> objects, VismaConnectStandIn provider)
    {
        foreach (var client in objects.Where(resource => resource.Kind() == "OAuthClient"))
        {
            client["spec"]!["issuer"] = provider.Issuer.OriginalString;
        }

        foreach (var resource in objects)
        {
            await Eventually.BecomesTrueAsync($"{resource.Kind()} {resource.Name()} to be taken", async token =>
            {
                await Server.Admin.CreateAsync(CollectionOf(resource), resource, token);
                return true;
            }, Ct);
        }
    }

    private async Task EndsAsItSaysAsync(JsonNode connection, Replica running)
    {
        var wanted = connection["spec"]!["tenantID"]!.GetValue<string>() == NotApproved ? "Stalled" : "Ready";
        await UntilAsync(connection, $"to be {wanted}", found => Is(found, wanted), running);
    }

    private async Task<string> LinkAsync(JsonNode connection, Replica running)
    {
        static string? Url(JsonNode found) => found["status"]?["authorization"]?["url"]?.GetValue<string>();
        return Url(await UntilAsync(connection, "to offer a link", found => Url(found) is not null, running))!;
    }

    private async Task<JsonNode> UntilAsync(JsonNode connection, string expectation, Func<JsonNode, bool> isWanted, Replica running)
    {
        JsonNode? last = null;
        try
        {
            return await Eventually.GetAsync(
                $"{connection.Name()} {expectation}",
                async token =>
                    isWanted(last = await Server.Admin.GetAsync($"{CollectionOf(connection)}/{connection.Name()}", token)) ? last : null,
                Ct
            );
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message}\nIt was: {last?.ToJsonString()}\nThe operator said:\n{running.Log()}", timeout);
        }
    }

    private async Task RemoveAsync(List<JsonNode> objects)
    {
        foreach (var resource in objects.AsEnumerable().Reverse())
        {
            await Server.Admin.DeleteAsync($"{CollectionOf(resource)}/{resource.Name()}", Ct);
        }

        foreach (var resource in objects)
        {
            await Eventually.BecomesTrueAsync(
                $"{resource.Kind()} {resource.Name()} to be gone",
                async token => await Server.Admin.FindAsync($"{CollectionOf(resource)}/{resource.Name()}", token) is null,
                Ct
            );
        }
    }

    private static string CollectionOf(JsonNode resource) => resource.Kind() switch
    {
        "Namespace" => "/api/v1/namespaces",
        "Secret" => $"/api/v1/namespaces/{resource.Namespace()}/secrets",
        var kind => $"{Group}/namespaces/{resource.Namespace()}/{kind.ToLowerInvariant()}s",
    };

    private static bool Is(JsonNode connection, string type) =>
        (connection["status"]?["conditions"]?.AsArray() ?? []).Any(condition =>
            condition!["type"]!.GetValue<string>() == type && condition["status"]!.GetValue<string>() == "True"
        );
}
