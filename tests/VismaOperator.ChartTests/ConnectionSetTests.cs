using VismaOperator.ChartTests.Support;

namespace VismaOperator.ChartTests;

/// <summary>What the value <c>connectionSets.enabled</c> adds: an option, and permissions, in both modes; and nothing without it.</summary>
public sealed class ConnectionSetTests
{
    private const string Switch = "connectionSets.enabled=true";

    private static readonly string[] added =
    [
        "create vismaconnections.visma-operator.io",
        "delete vismaconnections.visma-operator.io",
        "list configmaps",
        "list vismaconnectionsets.visma-operator.io",
        "patch vismaconnections.visma-operator.io",
        "patch vismaconnectionsets/status.visma-operator.io",
        "watch configmaps",
        "watch vismaconnectionsets.visma-operator.io",
    ];

    [Theory]
    [InlineData("", "ClusterRole")]
    [InlineData("namespaces={customer-a},", "Role")]
    public async Task The_feature_adds_exactly_these_permissions(string mode, string kind)
    {
        var without = await GrantedAsync(kind, mode + "rbac.aggregate=false");
        var with = await GrantedAsync(kind, mode + "rbac.aggregate=false," + Switch);

        Assert.NotEmpty(without);
        Assert.Empty(without.Except(with));
        Assert.Equal(added, with.Except(without).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("rbac.aggregate=true", false)]
    [InlineData(Switch, true)]
    public async Task The_option_goes_with_it(string values, bool isSet)
    {
        var deployment = (await Chart.RenderAsync("visma-system", "--set", values)).Single(resource => resource.Kind() == "Deployment");
        var arguments = deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["args"]!.AsArray();

        Assert.Equal(isSet, arguments.Any(argument => argument!.GetValue<string>() == "--connection-sets=true"));
    }

    private static async Task<IReadOnlyList<string>> GrantedAsync(string kind, string values) =>
        [
            .. from resource in await Chart.RenderAsync("visma-system", "--set", values)
               where resource.Kind() == kind
               from rule in resource["rules"]!.AsArray()
               where rule!["nonResourceURLs"] is null
               from permission in Permission.Of(rule, resource.Namespace() ?? string.Empty)
               select permission.Job,
        ];
}
