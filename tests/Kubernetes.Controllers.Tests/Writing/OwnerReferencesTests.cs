using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using Xunit;

namespace Kubernetes.Controllers.Tests.Writing;

public sealed class OwnerReferencesTests
{
    [Fact]
    public void Names_the_managing_owner_and_blocks_nothing() =>
        Assert.Equal(
            new OwnerReference
            {
                ApiVersion = "example.com/v1",
                Kind = "Widget",
                Name = "w",
                Uid = "u",
                Controller = true,
                BlockOwnerDeletion = false,
            },
            OwnerReferences.To(
                new Widget
                {
                    Metadata = new() { Name = "w", Uid = "u" },
                }
            )
        );

    [Fact]
    public void Refuses_an_owner_that_was_never_stored() =>
        Assert.Throws<ArgumentException>(() => OwnerReferences.To(new Widget { Metadata = new() { Name = "w" } }));
}
