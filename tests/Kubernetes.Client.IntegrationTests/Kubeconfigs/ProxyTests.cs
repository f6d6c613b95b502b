using Kubernetes.Client.Tests.Http;
using Xunit;

namespace Kubernetes.Client.IntegrationTests.Kubeconfigs;

/// <summary>
/// Who goes through a proxy, compared with kubectl. Only the decision: the proxy is ours, on the loopback address, and dials nothing. An
/// address that is not loopback is
/// taken from a documentation range, and only where the decision is to use the proxy; the unit test <c>ProxyChoiceTests</c> holds the other
/// decisions.
/// </summary>
public sealed class ProxyTests
{
    /// <summary>Server, variables (PROXY stands for the proxy's address), whether the proxy is asked.</summary>
    public static TheoryData<string, string, bool> Decisions => new()
    {
        { "https://k.example.com:6443", "HTTPS_PROXY=PROXY", true },
        { "https://k.example.com", "https_proxy=PROXY", true },
        { "https://k.example.com", "HTTPS_PROXY=PROXY https_proxy=http://127.0.0.1:1", true },
        { "http://k.example.com", "HTTP_PROXY=PROXY HTTPS_PROXY=http://127.0.0.1:1", true },
        { "http://k.example.com", "http_proxy=PROXY", true },
        { "https://k.example.com", "HTTPS_PROXY=HOSTPORT", true },
        { "https://k.example.com", "HTTPS_PROXY=PROXY NO_PROXY=.example.com:6443", true },
        { "https://example.com", "HTTPS_PROXY=PROXY NO_PROXY=.example.com", true },
        { "https://example.com", "HTTPS_PROXY=PROXY NO_PROXY=*.example.com", true },
        { "https://192.0.2.7", "HTTPS_PROXY=PROXY NO_PROXY=192.0.2.8,198.51.100.0/24", true },
        { "https://192.0.2.7:6443", "HTTPS_PROXY=PROXY NO_PROXY=192.0.2.7:443", true },
        { "https://[2001:db8::1]:6443", "HTTPS_PROXY=PROXY NO_PROXY=[2001:db8::1]:443,2001:db9::/32", true },
        { "https://k.example.com", "HTTPS_PROXY=PROXY NO_PROXY=notexample.com,example.org no_proxy=*", true },
        { "SERVER", "HTTPS_PROXY=PROXY HTTP_PROXY=PROXY ALL_PROXY=PROXY", false },
        { "http://localhost:PORT", "HTTP_PROXY=PROXY", false },
    };

    [Theory]
    [MemberData(nameof(Decisions))]
    public async Task The_proxy_is_asked_when_kubectl_asks_it(string server, string variables, bool asks)
    {
        await using var comparison = await Comparison.StartAsync();
        var address = server
            .Replace("SERVER", comparison.Server.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)
            .Replace(
                "PORT",
                comparison.Server.Address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
                StringComparison.Ordinal
            );

        var (kubectl, ours) = await AskedAsync(comparison, variables, $"server: '{address}'");

        Assert.Equal(asks, kubectl.Length > 0);
        Assert.Equal(kubectl, ours);
    }

    [Fact]
    public async Task The_clusters_own_proxy_serves_loopback_too()
    {
        await using var comparison = await Comparison.StartAsync();

        var (kubectl, ours) = await AskedAsync(comparison, "NO_PROXY=*", $"server: '{comparison.Server.Address}', proxy-url: PROXY");

        Assert.Equal(comparison.Server.Address.Authority, kubectl);
        Assert.Equal(kubectl, ours);
    }

    [Fact]
    public async Task A_plugin_is_told_of_the_clusters_proxy()
    {
        await using var comparison = await Comparison.StartAsync();
        comparison.WritePlugin(
            "plugin.sh",
            "echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"t\"}}'"
        );
        var path = comparison.Write(
            "config",
            """
            {apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: k, user: u}}],
             clusters: [{name: k, cluster: {server: "https://k.example.com", proxy-url: "http://127.0.0.1:1", disable-compression: true}}],
             users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./plugin.sh, provideClusterInfo: true}}}]}
            """);

        var (kubectl, ours) = await comparison.RunAsync(path);

        Assert.Equal("http://127.0.0.1:1", kubectl.ExecInfo?["spec"]?["cluster"]?["proxy-url"]?.GetValue<string>());
        Assert.True(System.Text.Json.Nodes.JsonNode.DeepEquals(kubectl.ExecInfo, ours.ExecInfo), $"{kubectl.ExecInfo}\n{ours.ExecInfo}");
    }

    private static async Task<(string Kubectl, string Ours)> AskedAsync(Comparison comparison, string variables, string cluster)
    {
        await using var proxy = new RecordingProxy();
        foreach (var variable in variables.Split(' '))
        {
            var (name, value) = (variable.Split('=', 2)[0], variable.Split('=', 2)[1]);
            comparison.Variables[name] = Fill(value, proxy);
        }

        var path = comparison.Write(
            "config",
            Fill(
                $"{{apiVersion: v1, kind: Config, current-context: c, contexts: [{{name: c, context: {{cluster: k, user: u}}}}], "
                + $"clusters: [{{name: k, cluster: {{{cluster}}}}}], users: [{{name: u, user: {{token: t}}}}]}}",
                proxy
            )
        );
        await comparison.RunKubectlAsync(path);
        var kubectl = proxy.Asked.FirstOrDefault() ?? string.Empty;
        proxy.Asked.Clear();
        await comparison.RunOursAsync(path);
        return (kubectl, proxy.Asked.FirstOrDefault() ?? string.Empty);
    }

    private static string Fill(string text, RecordingProxy proxy) => text
        .Replace("HOSTPORT", proxy.Address.Authority, StringComparison.Ordinal)
        .Replace("=PROXY", "=" + proxy.Address, StringComparison.Ordinal)
        .Replace("PROXY", proxy.Address.ToString(), StringComparison.Ordinal);
}
