using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace VismaOperator.Testing.ApiServer.Tests;

public sealed class ApiServerTests(WidgetServer shared)
{
    private const string Group = "example.test/v1";

    private ApiClient Admin => shared.Server.Admin;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_secret_is_deleted_with_the_custom_object_that_owns_it()
    {
        shared.Server.EnsureControllerManager();
        await using var home = await TestNamespace.CreateAsync(Admin, Ct);
        var widget = Some.ObjectNamed("owner");
        widget["apiVersion"] = Group;
        widget["kind"] = "Widget";
        var owner = await Admin.CreateAsync(home.Of(Group, "widgets"), widget, Ct);
        await Admin.CreateAsync(home.Core("secrets"), Some.ObjectOwnedBy(owner, "owned"), Ct);

        await Admin.DeleteAsync(home.Of(Group, "widgets/owner"), Ct);

        await Eventually.BecomesTrueAsync(
            "the owned Secret to be collected", async token => await Admin.FindAsync(home.Core("secrets/owned"), token) is null, Ct);
    }

    [Fact]
    public async Task A_namespace_is_deleted_with_its_content()
    {
        shared.Server.EnsureControllerManager();
        await using var home = await TestNamespace.CreateAsync(Admin, Ct);
        var path = $"/api/v1/namespaces/{home.Name}";
        await Admin.CreateAsync(home.Core("secrets"), Some.ObjectNamed("inside"), Ct);

        await Admin.DeleteAsync(path, Ct);

        await Eventually.BecomesTrueAsync("the namespace to go", async token => await Admin.FindAsync(path, token) is null, Ct);
    }

    [Fact]
    public async Task A_service_account_may_do_what_its_role_says_and_nothing_else()
    {
        await using var home = await TestNamespace.CreateAsync(Admin, Ct);
        var account = await TestServiceAccount.CreateAsync(Admin, home, "reader", Ct);
        await AllowAsync(home, account, verb: "list");
        var kubeconfig = Path.Combine(Directory.CreateTempSubdirectory().FullName, "kubeconfig");
        account.WriteKubeconfig(shared.Server, kubeconfig);
        using var reader = ApiClient.FromKubeconfig(kubeconfig);

        Assert.NotNull(await reader.GetAsync(home.Core("secrets"), Ct));
        var refusal = await Assert.ThrowsAsync<ApiException>(() => reader.CreateAsync(home.Core("secrets"), Some.ObjectNamed("a"), Ct));

        Assert.Equal(HttpStatusCode.Forbidden, refusal.Status);
    }

    private async Task AllowAsync(TestNamespace home, TestServiceAccount account, string verb)
    {
        const string rbac = "rbac.authorization.k8s.io/v1";
        var role = Some.ObjectNamed("role");
        role["rules"] = new JsonArray(
            new JsonObject
            {
                ["apiGroups"] = new JsonArray(""),
                ["resources"] = new JsonArray("secrets"),
                ["verbs"] = new JsonArray(verb),
            }
        );
        await Admin.CreateAsync(home.Of(rbac, "roles"), role, Ct);
        var binding = Some.ObjectNamed("binding");
        binding["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "Role", ["name"] = "role" };
        binding["subjects"] = new JsonArray(account.ToSubject());
        await Admin.CreateAsync(home.Of(rbac, "rolebindings"), binding, Ct);
    }
}
