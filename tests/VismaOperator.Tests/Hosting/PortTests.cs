using System.Net;
using System.Net.Sockets;
using VismaOperator.Consent.Web;
using VismaOperator.Hosting;

namespace VismaOperator.Tests.Hosting;

public sealed class PortTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("--http-port")]
    [InlineData("--consent-port")]
    public async Task A_port_in_use_is_reported_with_the_option_and_the_remedy(string option)
    {
        using var taken = new TcpListener(IPAddress.Any, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        folder.Write("kubeconfig", """
            apiVersion: v1
            kind: Config
            current-context: nowhere
            contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
            clusters: [{name: nowhere, cluster: {server: "https://127.0.0.1:1"}}]
            users: [{name: nobody, user: {token: unused}}]
            """);
        var options = new OperatorOptions
        {
            Kubeconfig = folder["kubeconfig"],
            HttpPort = option == "--http-port" ? port : 0,
            ConsentPort = option == "--consent-port" ? port : 0,
            PublicUrl = new Uri("https://operator.example.com"),
        };

        var failure = await Assert.ThrowsAsync<PortUnusableException>(() =>
            new ClusterRun(options, TimeProvider.System).RunAsync(TestContext.Current.CancellationToken)
        );

        Assert.StartsWith($"{option} {port} cannot be used:", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith("Name another port, or 0 for a free one.", failure.Message, StringComparison.Ordinal);
    }
}
