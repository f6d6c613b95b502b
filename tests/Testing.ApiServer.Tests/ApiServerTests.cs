using System.Text.Json.Nodes;
using Xunit;

namespace VismaOperator.Testing.ApiServer.Tests;

public sealed class ApiServerTests(WidgetServer fixture)
{
    private ApiClient Admin => fixture.Server.Admin;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_object_goes_when_its_owner_is_deleted()
    {
        fixture.Server.EnsureControllerManager();
        await using var home = await TestNamespace.CreateAsync(Admin, Ct);
        var owner = await Admin.CreateAsync(home.Core("configmaps"), Named("owner"), Ct);
        var owned = Named("owned");
        owned["metadata"]!["ownerReferences"] = new JsonArray(new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["name"] = "owner",
            ["uid"] = owner["metadata"]!["uid"]!.GetValue<string>(),
        });
        await Admin.CreateAsync(home.Core("secrets"), owned, Ct);

        await Admin.DeleteAsync(home.Core("configmaps/owner"), Ct);

        await Eventually.BecomesTrueAsync(
            "the owned Secret to be collected", async token => await Admin.FindAsync(home.Core("secrets/owned"), token) is null, Ct);
    }

    private static JsonObject Named(string name) => new() { ["metadata"] = new JsonObject { ["name"] = name } };
}
