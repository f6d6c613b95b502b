using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using VismaOperator.Floor;

// The floor: the requests that no operator can do without, and nothing else. For each connection one token request (at most eight at a
// time, as the operator's issuer gate), one POST of a Secret, one PATCH of the status, by as many workers. It keeps no cache, decides
// nothing, retries nothing; what an operator needs beyond it is the price of being one.
// Usage: floor KUBECONFIG(JSON) TOKEN_ENDPOINT CLIENT_ID CLIENT_SECRET WORKERS
const int AtOnce = 8;
const string Collection = "/apis/visma-operator.io/v1";

var (kubeconfig, tokenEndpoint, clientId, clientSecret) = (args[0], new Uri(args[1]), args[2], args[3]);
var workers = int.Parse(args[4], CultureInfo.InvariantCulture);
using var api = Api(kubeconfig);
using var provider = new HttpClient(new SocketsHttpHandler { UseProxy = false });
using var turns = new SemaphoreSlim(AtOnce);

var connections = await ListAsync();
await Parallel.ForEachAsync(connections, new ParallelOptions { MaxDegreeOfParallelism = workers }, async (connection, stop) =>
{
    var token = await TokenAsync(connection.Tenant, stop);
    var expires = TimeProvider.System.GetUtcNow().AddHours(1).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
    await SendAsync(
        HttpMethod.Post, $"/api/v1/namespaces/{connection.Namespace}/secrets", Secret(connection, token, expires), "application/json", stop
    );
    await SendAsync(
        HttpMethod.Patch,
        $"{Collection}/namespaces/{connection.Namespace}/vismaconnections/{connection.Name}/status",
        Status(connection, expires),
        "application/merge-patch+json",
        stop
    );
});
Console.WriteLine("done");
await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken.None); // until it was measured and is killed

async Task<List<Connection>> ListAsync()
{
    var found = new List<Connection>();
    var next = "";
    do
    {
        using var page = JsonDocument.Parse(
            await api.GetByteArrayAsync(new Uri($"{Collection}/vismaconnections?limit=500&continue={next}", UriKind.Relative))
        );
        foreach (var item in page.RootElement.GetProperty("items").EnumerateArray())
        {
            var metadata = item.GetProperty("metadata");
            found.Add(new Connection(
                Text(metadata, "namespace"), Text(metadata, "name"), Text(metadata, "uid"), Text(metadata, "resourceVersion"),
                Text(item.GetProperty("spec"), "tenantID")));
        }

        var rest = page.RootElement.GetProperty("metadata");
        next = rest.TryGetProperty("continue", out var more) ? Uri.EscapeDataString(more.GetString()!) : "";
    }
    while (next.Length > 0);
    return found;
}

async Task<string> TokenAsync(string tenant, CancellationToken stop)
{
    await turns.WaitAsync(stop);
    try
    {
        using var form = new FormUrlEncodedContent(
        [
            new("grant_type", "client_credentials"),
            new("client_id", clientId),
            new("client_secret", clientSecret),
            new("tenant_id", tenant),
            new("scope", "vismanet_erp_service_api:read vismanet_erp_service_api:create"),
        ]);
        using var answer = await provider.PostAsync(tokenEndpoint, form, stop);
        using var body = JsonDocument.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(stop));
        return Text(body.RootElement, "access_token");
    }
    finally
    {
        turns.Release();
    }
}

async Task SendAsync(HttpMethod method, string path, string json, string mediaType, CancellationToken stop)
{
    using var request = new HttpRequestMessage(method, path) { Content = new StringContent(json, Encoding.UTF8, mediaType) };
    request.Version = HttpVersion.Version20;
    request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
    using var answer = await api.SendAsync(request, stop);
    answer.EnsureSuccessStatusCode();
}

static string Secret(Connection connection, string token, string expires) =>
    $$"""
    {"apiVersion":"v1","kind":"Secret","type":"Opaque","metadata":{"name":"{{connection.Name}}-token","namespace":"{{connection.Namespace}}",
    "labels":{"app.kubernetes.io/managed-by":"visma-operator","visma-operator.io/secret":"token"},
    "annotations":{"visma-operator.io/connection":"{{connection.Name}}","visma-operator.io/issued-at":"{{expires}}",
    "visma-operator.io/expires-at":"{{expires}}","visma-operator.io/fingerprint":"0123456789abcdef0123456789abcdef",
    "visma-operator.io/inputs":"0123456789abcdef-0123456789abcdef","visma-operator.io/layout":"0123456789abcdef"},
    "ownerReferences":[{"apiVersion":"visma-operator.io/v1","kind":"VismaConnection","name":"{{connection.Name}}",
    "uid":"{{connection.Uid}}","controller":true,"blockOwnerDeletion":false}]},
    "data":{"access_token":"{{Base64(token)}}","token_type":"{{Base64("Bearer")}}","authorization":"{{Base64("Bearer " + token)}}",
    "expires_at":"{{Base64(expires)}}","scope":"{{Base64("vismanet_erp_service_api:read vismanet_erp_service_api:create")}}",
    "tenant_id":"{{Base64(connection.Tenant)}}","api_version":"{{Base64("v1")}}",
    "base_url":"{{Base64("https://api.finance.visma.net/v1")}}"}
    }
    """;

static string Status(Connection connection, string expires)
{
    var message = $"The token is valid until {expires}. Next renewal at {expires}.";
    return $$"""
        {"metadata":{"resourceVersion":"{{connection.Version}}"},"status":{"observedGeneration":1,"conditions":[
        {"type":"Ready","status":"True","reason":"TokenValid","message":"{{message}}","observedGeneration":1,"lastTransitionTime":"{{expires}}"},
        {"type":"TokenFresh","status":"True","reason":"Refreshed","message":"{{message}}","observedGeneration":1,"lastTransitionTime":"{{expires}}"},
        {"type":"ScopesGranted","status":"True","reason":"ScopesGranted","message":"All scopes were granted.","observedGeneration":1,
        "lastTransitionTime":"{{expires}}"}],"secretName":"{{connection.Name}}-token","client":"{{connection.Namespace}}/bench",
        "baseURL":"https://api.finance.visma.net/v1","token":{"issueTime":"{{expires}}","expirationTime":"{{expires}}",
        "refreshTime":"{{expires}}","grantedScopes":["vismanet_erp_service_api:read","vismanet_erp_service_api:create"],
        "fingerprint":"0123456789abcdef0123456789abcdef","secretResourceVersion":"1","secretUID":"{{connection.Uid}}",
        "inputs":"0123456789abcdef-0123456789abcdef","layout":"0123456789abcdef"}
        }
        }
        """;
}

// The kubeconfig of the harness is JSON, which is YAML, so that no parser is needed here.
static HttpClient Api(string kubeconfig)
{
    using var file = JsonDocument.Parse(File.ReadAllBytes(kubeconfig));
    var cluster = file.RootElement.GetProperty("clusters")[0].GetProperty("cluster");
    var user = file.RootElement.GetProperty("users")[0].GetProperty("user");
    var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
    trust.CustomTrustStore.ImportFromPem(Pem(cluster, "certificate-authority-data"));
    var certificate = X509Certificate2.CreateFromPem(Pem(user, "client-certificate-data"), Pem(user, "client-key-data"));
    var handler = new SocketsHttpHandler
    {
        EnableMultipleHttp2Connections = true,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.GZip,
        SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust, ClientCertificates = [certificate] },
    };
    return new HttpClient(handler) { BaseAddress = new Uri(Text(cluster, "server")), DefaultRequestVersion = HttpVersion.Version20 };
}

static string Text(JsonElement json, string member) => json.GetProperty(member).GetString()!;

static string Pem(JsonElement json, string member) => Encoding.UTF8.GetString(json.GetProperty(member).GetBytesFromBase64());

static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

namespace VismaOperator.Floor
{
    /// <summary>What of a connection the requests need.</summary>
    internal sealed record Connection(string Namespace, string Name, string Uid, string Version, string Tenant);
}
