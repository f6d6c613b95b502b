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

    [Fact]
    public void A_namespace_is_kept_without_its_annotations()
    {
        var read = JsonSerializer.Deserialize(
            """{"metadata":{"name":"home","labels":{"team":"erp"},"annotations":{"long":"text"},"managedFields":[{"manager":"x"}]}}""",
            Namespace.JsonTypeInfo
        )!;

        Assert.Null(read.Metadata.Annotations);
        Assert.Equal("erp", read.Metadata.Label("team"));
    }

    [Fact]
    public void The_last_applied_annotation_stays_in_a_Secret_since_an_update_without_it_would_delete_it()
    {
        var read = JsonSerializer.Deserialize(
            """{"metadata":{"name":"a","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"}}}""",
            SecretMetadata.JsonTypeInfo
        )!;

        Assert.Equal("{}", read.Metadata.Annotation("kubectl.kubernetes.io/last-applied-configuration"));
    }

    [Fact]
    public void Words_that_many_objects_hold_are_held_once()
    {
        var (first, second) = (Read("a"), Read("b"));

        Assert.Equal(("a", "b", "größe\"", "home"), (first.Name, second.Name, second.Label("size"), second.Namespace));
        Assert.Same(first.Namespace, second.Namespace);
        Assert.Same(first.Labels!.Keys.Single(), second.Labels!.Keys.Single());
        Assert.Same(first.Label("size"), second.Label("size"));

        static ObjectMeta Read(string name) => JsonSerializer.Deserialize(
            $$$$"""{"metadata":{"name":"{{{{name}}}}","namespace":"home","labels":{"size":"gr\u00f6\u00dfe\""}}}""",
            SecretMetadata.JsonTypeInfo
        )!.Metadata;
    }

    [Fact]
    public void Long_texts_are_read_as_they_are()
    {
        var text = new string('ä', 100);
        var json = $$$$"""{"metadata":{"labels":{"{{{{text}}}}":"{{{{text}}}}"}}}""";

        var read = JsonSerializer.Deserialize(json, SecretMetadata.JsonTypeInfo)!;

        Assert.Equal(text, read.Metadata.Label(text));
    }
}
