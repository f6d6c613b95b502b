using System.Text.Json;
using Kubernetes.Client.Resources;
using Xunit;

namespace Kubernetes.Client.Tests;

public sealed class ResourceDefaultsTests
{
    [Fact]
    public void An_item_of_a_list_keeps_its_kind_and_version()
    {
        var secret = JsonSerializer.Deserialize("""{"metadata":{}}""", Secret.JsonTypeInfo)!;

        Assert.Equal(("v1", "Secret"), (secret.ApiVersion, secret.Kind));
        Assert.Equal(string.Empty, secret.Metadata.Name);
    }

    [Fact]
    public void Missing_metadata_and_spec_read_as_empty()
    {
        var lease = JsonSerializer.Deserialize("{}", Lease.JsonTypeInfo)!;

        Assert.Null(lease.Spec.HolderIdentity);
        Assert.Equal(string.Empty, lease.Metadata.Name);
    }
}
