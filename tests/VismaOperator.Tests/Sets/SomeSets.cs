using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Sets;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Sets;

/// <summary>Sets of connections, for tests to change one thing of.</summary>
internal static class SomeSets
{
    public const string Name = "customers";

    public static VismaConnectionSet Set(params SetTenant[] tenants) =>
        new()
        {
            Metadata = new ObjectMeta { Name = Name, Namespace = Some.Namespace },
            Spec = new VismaConnectionSetSpec
            {
                Tenants = tenants,
                Template = new ConnectionTemplate
                {
                    Metadata = new TemplateMetadata { Labels = new Dictionary<string, string> { ["kind"] = "customer" } },
                    Spec = new VismaConnectionSpec
                    {
                        OAuthClientRef = new OAuthClientReference { Name = Some.Client },
                        DisplayName = "Tenant ${tenantName}",
                        Scopes = Some.Scopes,
                    },
                },
            },
        };

    /// <summary>Tenants named <c>customer-0</c> and so on, each with an id of its own.</summary>
    public static SetTenant[] Tenants(int count, int first = 0) => [.. Enumerable.Range(first, count).Select(Tenant)];

    public static SetTenant Tenant(int number) => new() { Name = $"customer-{number}", TenantId = IdOf(number) };

    public static string IdOf(int number) => $"00000000-0000-4000-8000-{number:d12}";

    public static string ConnectionOf(int number) => $"{Name}-customer-{number}";

    /// <summary>An operator that serves sets, with a client and so many tenants that have approved it.</summary>
    public static async Task<TestOperator> StartAsync(int tenants = 3, Action<TestOperator>? prepare = null)
    {
        var test = await TestOperator.StartAsync(test =>
        {
            test.Sets = new SetScope(NamespacesRefusal: null);
            test.Workers = 8;
            prepare?.Invoke(test);
        });
        Approve(test, tenants);
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        return test;
    }

    /// <summary>So many tenants approve the client.</summary>
    public static void Approve(TestOperator test, int tenants)
    {
        foreach (var number in Enumerable.Range(0, tenants))
        {
            test.Provider.Portal.Set(new StandInTenant(IdOf(number)));
        }
    }

    public static Task<VismaConnectionSet> UntilSetAsync(this TestOperator test, Func<VismaConnectionSet, bool> isWanted) =>
        test.UntilAsync(Name, isWanted);

    /// <summary>Lets the gathering time of statuses pass until the set says how its connections are.</summary>
    public static async Task<VismaConnectionSet> SettledAsync(this TestOperator test)
    {
        await test.UntilIdleAsync();
        await test.AdvanceAsync(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1));
        return (await test.FindAsync<VismaConnectionSet>(Name))!;
    }

    public static Task ChangeSetAsync(this TestOperator test, string spec) =>
        test.PatchAsync<VismaConnectionSet>(Name, new JsonObject { ["spec"] = JsonNode.Parse(spec) });

    public static Task ListAsync(this TestOperator test, params SetTenant[] tenants) =>
        test.PatchAsync<VismaConnectionSet>(
            Name,
            new JsonObject
            {
                ["spec"] = new JsonObject
                {
                    ["tenants"] = new JsonArray([
                        .. tenants.Select(tenant => new JsonObject { ["name"] = tenant.Name, ["tenantID"] = tenant.TenantId }),
                    ]),
                },
            }
        );

    public static Task AnnotateSetAsync(this TestOperator test, string key, string? value) =>
        test.PatchAsync<VismaConnectionSet>(
            Name,
            new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [key] = value } } }
        );

    public static Condition? Condition(this VismaConnectionSet set, string type) =>
        set.Status.Conditions.FirstOrDefault(condition => condition.Type == type);

    public static async Task<IReadOnlyList<string>> ConnectionsAsync(this TestOperator test)
    {
        var page = await test.Cluster.ListPageAsync<VismaConnection>(
            ResourceSelector.All,
            int.MaxValue,
            continueToken: null,
            TestContext.Current.CancellationToken
        );
        return [.. page.Items.Select(connection => connection.Metadata.Name).Order(StringComparer.Ordinal)];
    }
}
