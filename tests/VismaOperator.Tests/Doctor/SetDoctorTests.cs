using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Api;
using VismaOperator.Cli.Doctor;
using VismaOperator.Tests.Sets;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Doctor;

/// <summary><c>doctor vcs/NAME</c>: why a set makes no connections, or not those that are expected.</summary>
public sealed class SetDoctorTests
{
    /// <summary>One fault of a set, and the link that tells it.</summary>
    internal sealed record Fault(string Link, LinkOutcome Outcome, string? Reason, Action<DoctorScene, Change> Arrange)
    {
        /// <summary>What the message says beside the rest.</summary>
        public string Says { get; init; } = string.Empty;
    }

    /// <summary>Puts another set in the place of the healthy one.</summary>
    internal delegate void Change(Func<VismaConnectionSet, VismaConnectionSet> change);

    private static readonly Dictionary<string, Fault> faults = new(StringComparer.Ordinal)
    {
        ["The set breaks a rule"] = new("set", LinkOutcome.Broken, "InvalidSpec", (_, change) =>
            change(set => set with { Spec = set.Spec with { TenantsFrom = FromConfigMap() } })),
        ["The ConfigMap does not exist"] = new("tenants", LinkOutcome.Broken, "TenantsNotFound", (_, change) =>
            change(set => set with { Spec = set.Spec with { Tenants = null, TenantsFrom = FromConfigMap() } }))
        {
            Says = "ConfigMap integrations/list does not exist: create it",
        },
        ["The ConfigMap has no such key"] = new("tenants", LinkOutcome.Broken, "TenantsNotFound", (scene, change) =>
        {
            scene.Put(Map("other.yaml", "[]"));
            change(set => set with { Spec = set.Spec with { Tenants = null, TenantsFrom = FromConfigMap() } });
        }),
        ["The ConfigMap holds no list"] = new("tenants", LinkOutcome.Broken, "TenantsInvalid", (scene, change) =>
        {
            scene.Put(Map("tenants.yaml", "no: list"));
            change(set => set with { Spec = set.Spec with { Tenants = null, TenantsFrom = FromConfigMap() } });
        }),
        ["The ConfigMap may not be read"] = new("tenants", LinkOutcome.Unknown, "Forbidden", (scene, change) =>
        {
            scene.Forbid(ConfigMap.ResourceKind);
            change(set => set with { Spec = set.Spec with { Tenants = null, TenantsFrom = FromConfigMap() } });
        }),
        ["No namespace is selected"] = new("tenants", LinkOutcome.Broken, "TenantsNotFound", (_, change) =>
            change(set => set with { Spec = set.Spec with { Tenants = null, TenantsFrom = FromNamespaces() } })),
        ["A namespace names no tenant"] = new("tenants", LinkOutcome.Warning, "TenantsInvalid", (scene, change) =>
        {
            scene.Put(Labelled("customer-0", SomeSets.IdOf(0)));
            scene.Put(Labelled("customer-1", "none"));
            change(set => set with { Spec = set.Spec with { Tenants = null, TenantsFrom = FromNamespaces() } });
        })
        {
            Says = "1 of 2 namespaces",
        },
        ["The template breaks a rule"] = new("template", LinkOutcome.Broken, "InvalidSpec", (_, change) =>
            change(set => WithScopes(set, "no scope")))
        {
            Says = "So for 2 of 2 tenants",
        },
        ["The client does not exist"] = new("client", LinkOutcome.Broken, "ClientNotAvailable", (scene, _) => scene.Client = null),
        ["Namespaces are tenants, and the client lists none"] = new("client", LinkOutcome.Broken, "ClientNotAvailable", (scene, change) =>
        {
            scene.Put(Labelled("customer-0", SomeSets.IdOf(0)));
            change(set => set with { Spec = set.Spec with { Tenants = null, TenantsFrom = FromNamespaces() } });
        })
        {
            Says = "no list of tenants (spec.tenants)",
        },
        ["The client does not serve a tenant of the list"] = new("client", LinkOutcome.Broken, "TenantNotAllowed", (scene, change) =>
        {
            scene.ClientSpec(spec => spec with { Tenants = [new TenantRule { TenantId = SomeSets.IdOf(0) }] });
            scene.Put(Map("tenants.yaml", string.Concat(Enumerable.Range(0, 3).Select(number =>
                $"- name: customer-{number}\n  tenantID: {SomeSets.IdOf(number)}\n"))));
            change(set => set with { Spec = set.Spec with { Tenants = null, TenantsFrom = FromConfigMap() } });
        })
        {
            Says = $"2 of 3 tenants (first {SomeSets.IdOf(1)})",
        },
        ["The namespace is not served"] = new("operator", LinkOutcome.Broken, "NamespaceNotServed", (scene, _) =>
            Started(scene, "--namespaces=elsewhere", "--connection-sets=true")),
        ["Sets are not served"] = new("connectionSets", LinkOutcome.Broken, "SetsNotServed", (scene, change) =>
        {
            Started(scene);
            change(set => set with { Status = VismaConnectionSetStatus.Unseen });
        })
        {
            Says = "connectionSets.enabled",
        },
        ["Sets are served by a variable, or not any more"] = new("connectionSets", LinkOutcome.Unknown, "SetsNotServed", (scene, _) =>
            Started(scene)),
        ["Sets are served by a variable"] = new("connectionSets", LinkOutcome.Ok, null, (scene, change) =>
        {
            Started(scene);
            Varied(scene, "VISMA_OPERATOR_CONNECTION_SETS", "True");
            change(set => set with { Status = VismaConnectionSetStatus.Unseen });
        }),
        ["The option counts before the variable"] = new("connectionSets", LinkOutcome.Unknown, "SetsNotServed", (scene, _) =>
        {
            Started(scene, "--connection-sets=false");
            Varied(scene, "VISMA_OPERATOR_CONNECTION_SETS", "true");
        }),
        ["The namespace is not among those of a variable"] = new("operator", LinkOutcome.Broken, "NamespaceNotServed", (scene, _) =>
            Varied(scene, "VISMA_OPERATOR_NAMESPACES", "elsewhere, there"))
        {
            Says = "serves the namespaces elsewhere, there only",
        },
        ["No leader is elected, by a variable"] = new("permissions", LinkOutcome.Ok, null, (scene, _) =>
        {
            Varied(scene, "VISMA_OPERATOR_LEADER_ELECT", "false");
            scene.Cluster.Reviews = access => access is not { Resource: "leases" };
        }),
        ["No leader is elected, in two arguments"] = new("permissions", LinkOutcome.Ok, null, (scene, _) =>
        {
            Started(scene, "--leader-elect", "false", "--connection-sets");
            scene.Cluster.Reviews = access => access is not { Resource: "leases" };
        }),
        ["Sets are switched off"] = new("connectionSets", LinkOutcome.Unknown, "SetsNotServed", (scene, _) =>
            Started(scene, "--connection-sets", "false")),
        ["A permission is missing"] = new("permissions", LinkOutcome.Broken, "PermissionMissing", (scene, _) =>
            scene.Cluster.Reviews = access => access is not { Verb: "delete", Resource: "vismaconnections" })
        {
            Says = "may not delete vismaconnections.visma-operator.io in namespace integrations",
        },
        ["Connections need a person"] = new("connections", LinkOutcome.Warning, "TenantRefused", (_, change) =>
            change(set => set with
            {
                Status = set.Status with
                {
                    Ready = 1,
                    Failures = [new SetFailure { Name = "customers-customer-1", Reason = "TenantRefused", Message = "No." }],
                },
            }))
        {
            Says = "visma-operator doctor integrations/customers-customer-1",
        },
        ["Removals are held"] = new("status", LinkOutcome.Broken, "RemovalsHeld", (_, change) =>
            change(set => set with
            {
                Status = set.Status with
                {
                    Conditions =
                    [
                        Told("Ready", "False", "RemovalsHeld"),
                        Told("Stalled", "True", "RemovalsHeld"),
                    ],
                },
            }))
        {
            Says = "kubectl annotate vcs customers -n integrations --overwrite visma-operator.io/confirmRemovals=8",
        },
    };

    public static TheoryData<string> Faults => [.. faults.Keys];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Each_fault_of_a_set_is_told_by_its_link(string title)
    {
        await using var scene = await OpenAsync();
        var set = Healthy();
        faults[title].Arrange(scene, change => set = change(set));
        scene.Put(set);

        var report = await scene.WalkAsync();

        var link = report.Links.Single(link => link.Link == faults[title].Link);
        Assert.Equal((faults[title].Outcome, faults[title].Reason), (link.Outcome, link.Reason));
        Assert.Contains(faults[title].Says, link.Message, StringComparison.Ordinal);
        Assert.Equal(("VismaConnectionSet", "customers"), (report.Kind, report.Name));
    }

    [Fact]
    public async Task Where_all_is_well_with_a_set_every_link_holds()
    {
        await using var scene = await OpenAsync();
        scene.Put(Healthy());

        var report = await scene.WalkAsync();

        Assert.All(report.Links, link => Assert.True(link.Outcome == LinkOutcome.Ok, $"{link.Title}: {link.Message}"));
        Assert.Contains("VismaConnectionSet integrations/customers in the cluster", scene.Output, StringComparison.Ordinal);
        Assert.Empty(scene.Provider.Ledger.TokenRequests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Only_what_a_real_tenant_is_named_by_is_asked_for(bool isListed)
    {
        await using var scene = await OpenAsync();
        var asked = new List<string?>();
        scene.Cluster.Reviews = access =>
        {
            asked.Add(access.Namespace);
            return true;
        };
        scene.Client = scene.Client! with { Metadata = scene.Client.Metadata with { Name = "customer-0" } };
        if (isListed)
        {
            scene.Put(Map("tenants.yaml", $"- name: customer-0\n  tenantID: {SomeSets.IdOf(0)}"));
        }

        var set = Healthy();
        var template = set.Spec.Template.Spec with
        {
            OAuthClientRef = new OAuthClientReference { Name = "${tenantName}" },
            Secret = new() { Copies = [new() { Namespace = "${tenantName}", Name = "erp" }] },
        };
        scene.Put(set with
        {
            Spec = set.Spec with
            {
                Tenants = null,
                TenantsFrom = FromConfigMap(),
                Template = set.Spec.Template with { Spec = template },
            },
        });

        var report = await scene.WalkAsync();

        Assert.Equal(isListed, asked.Contains("customer-0"));
        string?[] real = ["integrations", "visma-system", "customer-0", null];
        Assert.Empty(asked.Except(real));
        var client = report.Links.Single(link => link.Link == "client");
        Assert.Equal(isListed ? (LinkOutcome.Ok, null) : (LinkOutcome.Unknown, "NotFound"), (client.Outcome, client.Reason));
    }

    [Fact]
    public async Task A_client_of_each_tenant_is_asked_for_its_own_one_only()
    {
        await using var scene = await OpenAsync();
        scene.Client = scene.Client! with
        {
            Metadata = scene.Client.Metadata with { Name = "customer-0" },
            Spec = scene.Client.Spec with { Tenants = [new TenantRule { TenantId = SomeSets.IdOf(0) }] },
        };
        var set = Healthy();
        var template = set.Spec.Template.Spec with { OAuthClientRef = new OAuthClientReference { Name = "${tenantName}" } };
        scene.Put(set with { Spec = set.Spec with { Template = set.Spec.Template with { Spec = template } } });

        var client = (await scene.WalkAsync()).Links.Single(link => link.Link == "client");

        Assert.True(client.Outcome == LinkOutcome.Ok, client.Message);
    }

    [Fact]
    public async Task A_cluster_without_the_definition_is_told_with_the_command_that_installs_it()
    {
        await using var scene = await OpenAsync();
        scene.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.List && kind == VismaConnectionSet.ResourceKind
                ? throw new KubernetesException(HttpStatusCode.NotFound, "NotFound", "no")
                : Task.CompletedTask;

        var failure = await Assert.ThrowsAsync<DoctorException>(scene.WalkAsync);

        Assert.Contains("visma-operator crds | kubectl apply --server-side -f -", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_permissions_of_sets_are_those_of_the_chart()
    {
        var rules = File.ReadAllText(Repository.Path("charts", "visma-operator", "templates", "_helpers.tpl"));
        rules = rules[rules.IndexOf("define \"visma-operator.rules\"", StringComparison.Ordinal)..];
        rules = rules[rules.IndexOf("if .Values.connectionSets.enabled", StringComparison.Ordinal)..];
        rules = rules[..rules.IndexOf("{{- end }}", StringComparison.Ordinal)];
        var ofTheChart =
            from rule in rules.Split("- apiGroups: ")[1..]
            let lines = rule.Split('\n')
            let groups = Words(lines[0])
            from resource in Words(lines.Single(line => line.TrimStart().StartsWith("resources:", StringComparison.Ordinal)))
            from verb in Words(lines.Single(line => line.TrimStart().StartsWith("verbs:", StringComparison.Ordinal)))
            select $"{verb} {resource}{(groups[0].Length > 2 ? $".{groups[0]}" : string.Empty)} in namespace integrations";

        Assert.Equal(
            ofTheChart.Order(StringComparer.Ordinal),
            OperatorPermissions.OfSets("integrations").Select(OperatorPermissions.Words).Order(StringComparer.Ordinal)
        );
    }

    private static async Task<DoctorScene> OpenAsync()
    {
        var scene = await DoctorScene.OpenAsync();
        Started(scene, "--connection-sets=true");
        scene.Options = scene.Options with { Name = SomeSets.Name, Kind = VismaConnectionSet.ResourceKind };
        return scene;
    }

    private static void Started(DoctorScene scene, params string[] arguments)
    {
        var pod = scene.OperatorPod!;
        scene.OperatorPod = pod with { Spec = pod.Spec with { Containers = [new Container { Args = ["run", .. arguments] }] } };
    }

    private static void Varied(DoctorScene scene, string name, string value)
    {
        var pod = scene.OperatorPod!;
        var container = pod.Spec.Containers[0] with
        {
            Env =
            [
                new EnvironmentVariable { Name = "DOTNET_EnableDiagnostics", Value = SecretValue.FromText("0") },
                new EnvironmentVariable { Name = name, Value = SecretValue.FromText(value) },
            ],
        };
        scene.OperatorPod = pod with { Spec = pod.Spec with { Containers = [container] } };
    }

    private static VismaConnectionSet Healthy()
    {
        var set = SomeSets.Set(SomeSets.Tenants(2));
        return set with
        {
            Metadata = set.Metadata with { Generation = 1 },
            Status = new VismaConnectionSetStatus
            {
                ObservedGeneration = 1,
                Connections = 2,
                Ready = 2,
                Conditions = [Told("Ready", "True", "ConnectionsReady")],
            },
        };
    }

    private static VismaConnectionSet WithScopes(VismaConnectionSet set, params string[] scopes)
    {
        var template = set.Spec.Template with { Spec = set.Spec.Template.Spec with { Scopes = scopes } };
        return set with { Spec = set.Spec with { Template = template } };
    }

    private static Condition Told(string type, string status, string reason) =>
        new()
        {
            Type = type,
            Status = status,
            Reason = reason,
            Message = "Said by the operator: kubectl annotate vcs customers -n integrations --overwrite "
                + "visma-operator.io/confirmRemovals=8",
            LastTransitionTime = new DateTimeOffset(2026, 11, 30, 11, 0, 0, TimeSpan.Zero),
        };

    private static TenantsSource FromConfigMap() =>
        new() { ConfigMapKeyRef = new ConfigMapKeyReference { Name = "list", Key = "tenants.yaml" } };

    private static TenantsSource FromNamespaces() =>
        new()
        {
            NamespaceSelector = new LabelSelector { MatchLabels = new Dictionary<string, string> { ["customer"] = "yes" } },
            Annotation = "example.com/tenant",
        };

    private static ConfigMap Map(string key, string list) =>
        new()
        {
            Metadata = new ObjectMeta { Name = "list", Namespace = Some.Namespace },
            Data = new Dictionary<string, string> { [key] = list },
        };

    private static Namespace Labelled(string name, string tenantId) =>
        new()
        {
            Metadata = new ObjectMeta
            {
                Name = name,
                Labels = new Dictionary<string, string> { ["customer"] = "yes" },
                Annotations = new Dictionary<string, string> { ["example.com/tenant"] = tenantId },
            },
        };

    private static string[] Words(string line) =>
        line[(line.IndexOf('[', StringComparison.Ordinal) + 1)..line.IndexOf(']', StringComparison.Ordinal)].Split(", ");
}
