using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Connect;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Connect;

/// <summary>What would fail after the consent is refused before it, in words that say what to do.</summary>
public sealed class ConnectChecksTests
{
    [Fact]
    public async Task A_connection_that_is_not_there()
    {
        await using var scene = await ConnectScene.OpenAsync();
        scene.Options = scene.Options with { Name = "other" };

        Assert.Equal(
            "VismaConnection integrations/other does not exist in the cluster https://cluster.example. Apply it first, or correct the "
            + "name.",
            await scene.RefusalAsync()
        );
    }

    [Fact]
    public async Task A_connection_that_needs_nobody()
    {
        await using var scene = await ConnectScene.OpenAsync(connection: _ => Some.VismaConnection());

        Assert.Contains("its spec.grant is ClientCredentials", await scene.RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_suspended_connection()
    {
        await using var scene = await ConnectScene.OpenAsync(connection: given => given with { Spec = given.Spec with { Suspend = true } });

        Assert.Contains("is suspended", await scene.RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_is_not_there()
    {
        await using var scene = await ConnectScene.OpenAsync(client: given => given.WithMetadata(given.Metadata with { Name = "other" }));

        Assert.StartsWith(
            "OAuthClient integrations/acme, which VismaConnection integrations/acme-production uses, does not exist",
            await scene.RefusalAsync(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_client_that_does_not_serve_the_tenant()
    {
        await using var scene = await ConnectScene.OpenAsync(client: given =>
            given with
            {
                Spec = given.Spec with { Tenants = [new TenantRule { TenantId = Some.OtherTenant }] },
            }
        );

        Assert.Contains($"does not serve tenant {Some.Tenant}", await scene.RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_of_another_namespace_that_does_not_allow_this_one()
    {
        await using var scene = await ConnectScene.OpenAsync(
            client: given => given.WithMetadata(given.Metadata with { Namespace = "elsewhere" }),
            connection: given =>
                given with
                {
                    Spec = given.Spec with { OAuthClientRef = given.Spec.OAuthClientRef with { Namespace = "elsewhere" } },
                }
        );

        Assert.Contains(
            "OAuthClient elsewhere/acme does not allow namespace integrations",
            await scene.RefusalAsync(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_issuer_that_is_not_on_the_list()
    {
        await using var scene = await ConnectScene.OpenAsync();
        scene.Options = scene.Options with { AllowLists = new AllowLists { AllowInsecureIssuers = true } };

        Assert.Contains("--allowed-issuers", await scene.RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Secret_of_somebody_else_in_the_place_of_the_code()
    {
        await using var scene = await ConnectScene.OpenAsync();
        await scene.Operator.ApplyAsync(Some.Credentials(name: Some.Connection + "-visma-handoff"));

        Assert.Contains("belongs to someone else", await scene.RefusalAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "vismaconnections",
        "You may not get vismaconnections.visma-operator.io in namespace integrations. Have a Role with the verb get bound to your account."
    )]
    [InlineData("oauthclients", "You may not get oauthclients.visma-operator.io in namespace integrations.")]
    [InlineData("secrets", "You may not get secrets in namespace integrations.")]
    public async Task A_verb_that_is_missing_is_named(string plural, string expected)
    {
        await using var scene = await ConnectScene.OpenAsync();
        await scene.Operator.StopAsync();
        Forbid(scene, plural);

        Assert.StartsWith(expected, await scene.RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_without_the_definitions_is_told_with_the_command_that_installs_them()
    {
        await using var scene = await ConnectScene.OpenAsync();
        await scene.Operator.StopAsync();
        scene.Operator.Cluster.Before = (_, _, _) =>
            throw new KubernetesException(HttpStatusCode.NotFound, "NotFound", "the server could not find the requested resource");

        Assert.Equal(
            "The cluster https://cluster.example does not know vismaconnections.visma-operator.io. Install the definitions: "
            + "visma-operator crds | kubectl apply --server-side -f -",
            await scene.RefusalAsync()
        );
    }

    [Fact]
    public async Task A_client_id_is_read_from_its_Secret()
    {
        await using var scene = await ConnectScene.OpenAsync(ClientIdFrom("acme-id"));
        await scene.Operator.ApplyAsync(IdSecret(Some.ClientId + "\n", "true"));
        using var person = Person.WhoApproves(scene.Provider);

        Assert.IsType<ConsentResult.Consented>(await scene.ConnectAsync(person));
    }

    [Theory]
    [InlineData(Some.ClientId, null, "kubectl label secret acme-id -n integrations visma-operator.io/client-credentials=true")]
    [InlineData("the password of the database", "true", "is no client id")]
    public async Task A_Secret_that_is_no_client_id_is_not_sent_to_the_provider_by_somebody_who_may_read_it(
        string value,
        string? label,
        string expected
    )
    {
        await using var scene = await ConnectScene.OpenAsync(ClientIdFrom("acme-id"));
        await scene.Operator.ApplyAsync(IdSecret(value, label));

        var refusal = await scene.RefusalAsync();

        Assert.Contains(expected, refusal, StringComparison.Ordinal);
        Assert.DoesNotContain(value, refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_id_that_cannot_be_read_can_be_said()
    {
        await using var scene = await ConnectScene.OpenAsync(ClientIdFrom("not-there"));
        Assert.Contains("--client-id says it, too", await scene.RefusalAsync(), StringComparison.Ordinal);

        scene.Options = scene.Options with { ClientId = Some.ClientId, Timeout = TimeSpan.FromMilliseconds(1) };
        using var person = Person.WhoDoesNothing();
        await scene.ConnectAsync(person);

        Assert.Contains($"client_id={Some.ClientId}", (await person.Sent).Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_operators_objections_to_the_connection_are_passed_on()
    {
        await using var scene = await ConnectScene.OpenAsync();
        scene.Options = scene.Options with { Timeout = TimeSpan.FromMilliseconds(1) };
        await scene.Operator.PatchAsync<VismaConnection>(Some.Connection, """{"spec":{"apiVersion":"v9"}}""");
        await scene.Operator.UntilStalledAsync("InvalidSpec");
        using var person = Person.WhoDoesNothing();

        await scene.ConnectAsync(person);

        Assert.Contains("Note: The operator says of integrations/acme-production: InvalidSpec: ", scene.Output, StringComparison.Ordinal);
    }

    private static Secret IdSecret(string value, string? label) =>
        new()
        {
            Metadata = new ObjectMeta
            {
                Name = "acme-id",
                Namespace = Some.Namespace,
                Labels = label is null ? null : new Dictionary<string, string> { [VismaNames.ClientCredentialsLabel] = label },
            },
            Data = new Dictionary<string, SecretValue> { ["clientID"] = SecretValue.FromText(value) },
        };

    private static Func<OAuthClient, OAuthClient> ClientIdFrom(string secret) =>
        given =>
            given with
            {
                Spec = given.Spec with
                {
                    ClientId = null,
                    ClientIdFrom = new ClientIdSource
                    {
                        SecretKeyRef = new SecretKeyReference { Name = secret, Key = "clientID" },
                    },
                },
            };

    private static void Forbid(ConnectScene scene, string plural) =>
        scene.Operator.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.Get && kind.Plural == plural
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "somebody may not do that")
                : Task.CompletedTask;
}
