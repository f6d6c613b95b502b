using System.Text.Json.Nodes;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests;

/// <summary>The chart's roles are enough for the main job, and there is nothing in them that it could do without.</summary>
public abstract class PermissionTests(ApiServerFixture fixture, Mode mode)
{
    private const string AllowedToEveryAccount = "get /version"; // by Kubernetes' own role system:public-info-viewer

    private static readonly string[] common =
    [
        "list oauthclients.visma-operator.io",
        "watch oauthclients.visma-operator.io",
        "patch oauthclients/status.visma-operator.io",
        "list vismaconnections.visma-operator.io",
        "watch vismaconnections.visma-operator.io",
        "patch vismaconnections/status.visma-operator.io",
        "list secrets",
        "watch secrets",
        "get secrets",
        "create secrets",
        "update secrets",
        "delete secrets",
        "create events.events.k8s.io",
        "get leases.coordination.k8s.io",
        "create leases.coordination.k8s.io",
        "update leases.coordination.k8s.io",
    ];

    /// <summary>What the chart grants, as it should be read by a person who reviews a change of it.</summary>
    public static IReadOnlyList<string> JobsOf(Mode mode) =>
        mode == Mode.Cluster ? [.. common, "list namespaces", "watch namespaces"] : [.. common, "get namespaces"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_main_job_uses_all_that_is_granted_and_asks_for_nothing_else()
    {
        await using var scene = await ChartScene.InstallAsync(fixture.Server, mode);
        scene.Start();

        await new Job(scene).DoAsync(Ct);

        await scene.Proxy.Ledger.WaitForAsync(
            "the renewal of the Lease",
            request => Permission.Of(request).Job == "update leases.coordination.k8s.io",
            Ct
        );
        Assert.Empty(scene.Refused());
        Assert.Equal(JobsOf(mode).Order(), scene.Granted.Select(permission => permission.Job).Distinct().Order());
        Assert.Equal(
            JobsOf(mode).Append(AllowedToEveryAccount).Order(),
            scene.Proxy.Ledger.Requests.Select(request => Permission.Of(request).Job).Distinct().Order()
        );
    }

    [Fact]
    public async Task Nothing_else_is_allowed_anywhere()
    {
        await using var scene = await ChartScene.InstallAsync(fixture.Server, mode);
        var nobody = await TestServiceAccount.CreateAsync(scene.Admin, scene.Stranger, "nobody", Ct);
        var nobodyPath = scene.KubeconfigPath + ".nobody";
        nobody.WriteKubeconfig(scene.Proxy, nobodyPath);
        using var account = ApiClient.FromKubeconfig(scene.KubeconfigPath);
        using var stranger = ApiClient.FromKubeconfig(nobodyPath);

        foreach (var ns in new[] { scene.Home, scene.Clients, scene.Customer, scene.Stranger })
        {
            var everybody = await AllowedAsync(stranger, ns.Name);
            var expected = scene
                .Granted.Where(permission => permission.Namespace.Length == 0 || permission.Namespace == ns.Name)
                .Select(permission => permission with { Namespace = ns.Name });
            Assert.Equal(
                expected.Select(permission => permission.ToString()).Order(),
                (await AllowedAsync(account, ns.Name)).Except(everybody).Select(permission => permission.ToString()).Order()
            );
        }
    }

    /// <summary>One permission less: the operator asks for it all the same, and the API server refuses.</summary>
    protected async Task BreaksWithoutAsync(string job)
    {
        await using var scene = await ChartScene.InstallAsync(fixture.Server, mode, withoutJobs: [job]);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        scene.Start();
        var work = new Job(scene).DoAsync(enough.Token);

        var refused = await Eventually.GetAsync(
            $"a refusal: {job}",
            _ => Task.FromResult(scene.Refused() is [var first, ..] ? first : null),
            Ct
        );

        Assert.Equal(job, refused.Job);
        await enough.CancelAsync();
        await Task.WhenAny(work);
        _ = work.Exception;
    }

    /// <summary>What an account may do in a namespace, as the API server says.</summary>
    internal static async Task<IReadOnlyList<Permission>> AllowedAsync(ApiClient account, string ns)
    {
        var review = JsonNode.Parse(
            $$"""{"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": "{{ns}}"} }"""
        )!;
        var answer = await account.CreateAsync("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", review, Ct);
        return [.. answer["status"]!["resourceRules"]!.AsArray().SelectMany(rule => Permission.Of(rule!, ns))];
    }
}

/// <summary>
/// With a ClusterRole. That each permission is used is shown for both modes; what breaks without one that both grant is shown for listed
/// namespaces.
/// </summary>
public sealed class ClusterPermissionTests(ApiServerFixture fixture) : PermissionTests(fixture, Mode.Cluster)
{
    public static TheoryData<string> Jobs() => [.. JobsOf(Mode.Cluster).Except(JobsOf(Mode.Namespaces))];

    [Theory]
    [MemberData(nameof(Jobs))]
    public Task Without_a_single_permission_the_job_breaks(string job) => BreaksWithoutAsync(job);
}

/// <summary>With Roles in listed namespaces.</summary>
public sealed class NamespacePermissionTests(ApiServerFixture fixture) : PermissionTests(fixture, Mode.Namespaces)
{
    public static TheoryData<string> Jobs() => [.. JobsOf(Mode.Namespaces)];

    [Theory]
    [MemberData(nameof(Jobs))]
    public Task Without_a_single_permission_the_job_breaks(string job) => BreaksWithoutAsync(job);
}
