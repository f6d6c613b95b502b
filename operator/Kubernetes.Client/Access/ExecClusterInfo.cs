using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kubernetes.Client.Access;

/// <summary>The cluster as a plugin gets it when it asks for it (<c>provideClusterInfo</c>), in the form that kubectl gives it.</summary>
internal sealed record ExecClusterInfo(Kubeconfig.ClusterEntry Cluster, string? AuthorityPem)
{
    public void WriteTo(Utf8JsonWriter json)
    {
        var endpoint = Cluster.Endpoint!;
        json.WriteStartObject("cluster");
        json.WriteString("server", endpoint.Server);
        Write(json, "tls-server-name", endpoint.TlsServerName);
        Write(json, "insecure-skip-tls-verify", endpoint.SkipTlsVerify);
        var authority = AuthorityPem is null ? null : Convert.ToBase64String(Encoding.UTF8.GetBytes(AuthorityPem));
        Write(json, "certificate-authority-data", authority);
        Write(json, "proxy-url", Cluster.Extras.ProxyUrl);
        Write(json, "disable-compression", Cluster.Extras.DisablesCompression);
        json.WritePropertyName("config");
        WriteValue(json, Cluster.Extras.ExecConfiguration);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            json.WriteString(name, value);
        }
    }

    private static void Write(Utf8JsonWriter json, string name, bool isSet)
    {
        if (isSet)
        {
            json.WriteBoolean(name, isSet);
        }
    }

    private static void WriteValue(Utf8JsonWriter json, JsonNode? value)
    {
        if (value is null)
        {
            json.WriteNullValue();
        }
        else
        {
            value.WriteTo(json);
        }
    }
}
