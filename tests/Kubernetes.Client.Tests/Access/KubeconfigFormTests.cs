using Kubernetes.Client.Access;
using Xunit;

namespace Kubernetes.Client.Tests.Access;

/// <summary>Forms of YAML: those that kubectl reads are read, and a file that is no kubeconfig is reported as such.</summary>
public sealed class KubeconfigFormTests
{
    private const string Extension = "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1', extensions: "
        + "[{name: client.authentication.k8s.io/exec, extension: ";

    [Theory]
    [InlineData("---\nkind: Other\n")]
    [InlineData("---\n} no YAML: [\n")]
    [InlineData("---\n")]
    [InlineData("...\n@\n")]
    public void The_first_document_is_read_as_by_kubectl(string more)
    {
        const string text = "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n"
            + "users: [{name: u, user: {token: t}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n";
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text + more);
            Assert.Equal(new Uri("https://127.0.0.1:1"), ClusterAccess.Load(file, null).Server);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("clusters: [\n{name: &n a, cluster: {server: 'https://127.0.0.1:1'}}\n]", "[{name: x, context: {cluster: *n}}]")]
    [InlineData(
        "clusters: [{name: c, cluster: &c {server: 'https://127.0.0.1:1'}}, {name: d, cluster: *c}]",
        "[{name: x, context: {cluster: d}}]"
    )]
    [InlineData(
        "clusters:\n- &c {name: c, cluster: {server: 'https://127.0.0.1:1'}}\n- {<<: *c, name: d}",
        "\n  - {name: x, context: {cluster: d}}"
    )]
    [InlineData(
        "clusters: [{name: 'a:  b', cluster: {server: \"https://127.0.0.1:1\"}}]",
        "[{name: \"x\", context: {cluster: 'a:  b'}}]"
    )]
    public void Everything_that_kubectl_reads_is_read(string clusters, string contexts)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, $"{clusters}\nusers: []\ncontexts: {contexts}\ncurrent-context: x\n");
            Assert.Equal(new Uri("https://127.0.0.1:1"), ClusterAccess.Load(file, null).Server);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("clusters: [\na\n]\n")]
    [InlineData(Extension + "{a: 0777777777777777777777777}}]}}]\n")]
    [InlineData(Extension + "{yes: 1, true: 2}}]}}]\n")]
    [InlineData("users: [{name: u, user: {as: a, as-user-extra: {[k]: [v]}}}]\n")]
    public void A_form_that_is_not_read_is_reported_as_such(string text)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            var refusal = Assert.Throws<ClusterAccessException>(() => ClusterAccess.Load(file, null));
            Assert.Contains("is no valid kubeconfig", refusal.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
