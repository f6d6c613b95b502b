using Kubernetes.Client.Access;
using Xunit;

namespace Kubernetes.Client.Tests.Access;

/// <summary>A form of YAML that YamlDotNet does not read and kubectl does is told like any other file that is no kubeconfig.</summary>
public sealed class KubeconfigFormTests
{
    [Theory]
    [InlineData("clusters: [\n{name: &n a, cluster: {server: 'https://127.0.0.1:1'}}\n]\n")]
    [InlineData("clusters: [\na\n]\n")]
    public void A_form_that_is_not_read_is_told_as_such(string text)
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
