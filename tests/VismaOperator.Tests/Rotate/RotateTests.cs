using System.Net;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Cli.Rotate;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Rotate;

/// <summary><c>rotate</c>: what is written, in which order, and when nothing is.</summary>
public sealed class RotateTests
{
    private const string InTheSecretOnly =
        "The new secret is in Secret integrations/acme-credentials under the key clientSecret-2026-11-30, and the client does not name it.";

    private const string ToGoOn = "Run this again with the same secret: it goes on from there.";

    private static readonly DateTimeOffset expiry = new(2027, 11, 30, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_new_secret_is_tried_then_written_and_then_put_first_and_the_old_one_stays()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Options = scene.Options with { Expires = expiry };

        await scene.RotateAsync();

        var (client, secret) = (await scene.ClientAsync(), await scene.SecretAsync());
        Assert.Equal(["Secret", "OAuthClient"], scene.Writes);
        Assert.Equal([RotateScene.NewKey, "clientSecret"], await scene.ListAsync());
        Assert.Equal(expiry, client.Spec.ClientSecrets[0].ExpirationTime);
        Assert.Equal(RotateScene.NewSecret, secret.Text(RotateScene.NewKey));
        Assert.Equal(Some.ClientSecret, secret.Text("clientSecret"));
        Assert.Equal("granted", Assert.Single(scene.Provider.Ledger.TokenRequests).Outcome);
        Assert.Contains(
            "OAuthClient integrations/acme: the new client secret is first, in Secret integrations/acme-credentials, key "
                + "clientSecret-2026-11-30. The provider accepted it, asked for VismaConnection integrations/acme-production.",
            scene.Output,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "kubectl -n integrations get oac acme -o jsonpath='{.status.activeSecret.name}",
            scene.Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_secret_that_the_provider_refuses_is_never_written()
    {
        await using var scene = await RotateScene.OpenAsync();

        var failure = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync("a-secret-of-another-application"));

        Assert.Contains("refused the new client secret (invalid_client). Copy it", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith(" Nothing was changed.", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("a-secret-of-another-application", failure.Message, StringComparison.Ordinal);
        Assert.Empty(scene.Writes);
        Assert.Equal("invalid_client", Assert.Single(scene.Provider.Ledger.TokenRequests).Outcome);
    }

    [Fact]
    public async Task A_tenant_that_did_not_approve_the_application_shows_all_the_same_that_the_secret_is_right()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Connection = scene.Connection! with { Spec = scene.Connection.Spec with { TenantId = Some.UnapprovedTenant } };

        await scene.RotateAsync();

        Assert.Equal("invalid_tenant", Assert.Single(scene.Provider.Ledger.TokenRequests).Outcome);
        Assert.Equal([RotateScene.NewKey, "clientSecret"], await scene.ListAsync());
    }

    [Fact]
    public async Task A_provider_that_does_not_answer_stops_it_and_a_person_may_go_on_without_a_trial()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Provider.Faults.Always(Fault.ServerError(503));

        var failure = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync());

        Assert.Contains("could not be tried. integrations/acme-production: ", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith("add --no-verify. Nothing was changed.", failure.Message, StringComparison.Ordinal);
        Assert.Empty(scene.Writes);
        scene.Options = scene.Options with { Trial = RotateTrial.Skipped };
        await scene.AgainAsync();
        Assert.Equal([RotateScene.NewKey, "clientSecret"], await scene.ListAsync());
    }

    [Fact]
    public async Task Where_all_connections_are_of_people_nobody_tries_and_the_person_is_told()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Connection = scene.Connection! with
        {
            Spec = scene.Connection.Spec with { Grant = Grant.AuthorizationCode, Scopes = ["vismanet_erp_interactive_api:read"] },
        };

        await scene.RotateAsync();

        Assert.Empty(scene.Provider.Ledger.TokenRequests);
        Assert.Equal(["Secret", "OAuthClient"], scene.Writes);
        Assert.Contains(
            "It was not tried: no VismaConnection of this client has the grant ClientCredentials.",
            scene.Output,
            StringComparison.Ordinal
        );
        Assert.Contains("tries the new one when the provider refuses the old one.", scene.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("within a minute", scene.Output, StringComparison.Ordinal);
        Assert.NotNull((await scene.AgainAsync())!.Stays);
    }

    [Fact]
    public async Task Where_all_connections_are_suspended_the_operator_is_not_said_to_try()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Connection = scene.Connection! with { Spec = scene.Connection.Spec with { Suspend = true } };

        var result = await scene.RotateAsync();

        Assert.StartsWith("Every VismaConnection that could try it is suspended.", result!.Stays, StringComparison.Ordinal);
        Assert.Single(scene.Provider.Ledger.TokenRequests);
        Assert.DoesNotContain("within a minute", scene.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SecretTrial.Accepted)]
    [InlineData(SecretTrial.Refused)]
    public async Task Where_the_operator_has_tried_it_before_nobody_is_told_to_wait(SecretTrial before)
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Client = scene.Client with
        {
            Spec = scene.Client.Spec with { ClientSecrets = [Entry("current"), Entry("clientSecret")] },
            Status = scene.Client.Status with
            {
                ActiveSecret = Entry("current").SecretKeyRef,
                ClientSecrets = [new ClientSecretStatus { Name = "acme-credentials", Key = "clientSecret", Trial = before }],
            },
        };

        var result = await scene.RotateAsync(Some.ClientSecret);

        Assert.StartsWith("It has tried this one before", result!.Stays, StringComparison.Ordinal);
        Assert.DoesNotContain("within a minute", scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_client_that_lists_an_old_secret_is_named_before_that_is_deleted()
    {
        await using var scene = await RotateScene.OpenAsync();
        var people = scene.Client.Metadata with { Name = "acme-people" };
        scene.Put(scene.Client with { Metadata = people });
        scene.Put(scene.Client with
        {
            Metadata = people with { Name = "acme-other" },
            Spec = scene.Client.Spec with { ClientSecrets = [Entry("of-another-application")] },
        });

        var result = await scene.RotateAsync();

        Assert.Equal(
            "OAuthClient integrations/acme-people lists an old one, too. Rotate it first, with the same new secret: "
                + "visma-operator rotate integrations/acme-people",
            Assert.Single(result!.Cautions)
        );
        Assert.Contains("Before you delete an old one: OAuthClient integrations/acme-people", scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_not_list_clients_is_told_that_others_were_not_seen()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Before = (verb, kind, _) =>
            (verb, kind.Kind) == ("list", "OAuthClient")
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                : Task.CompletedTask;

        var result = await scene.RotateAsync();

        Assert.Contains("may list an old one, too; this was not seen.", Assert.Single(result!.Cautions), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_keeps_an_object_that_stays_as_it_is_stops_nothing()
    {
        await using var scene = await RotateScene.OpenAsync();
        var marks = new Dictionary<string, string> { ["reconcile.external-secrets.io/data-hash"] = "x" };
        scene.Credentials = scene.Credentials with
        {
            Metadata = scene.Credentials.Metadata with { Annotations = marks },
            Data = new Dictionary<string, SecretValue>(scene.Credentials.Data!)
            {
                ["from-the-store"] = SecretValue.FromText(RotateScene.NewSecret),
            },
        };

        Assert.NotNull(await scene.RotateAsync());

        Assert.Equal(["OAuthClient"], scene.Writes);
        Assert.Equal(["from-the-store", "clientSecret"], await scene.ListAsync());
    }

    [Fact]
    public async Task What_was_written_is_said_where_the_client_is_deleted_meanwhile()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Before = async (verb, kind, _) =>
        {
            if (verb == ClusterVerb.Patch && kind.Kind == "OAuthClient")
            {
                scene.Before = null;
                scene.Put(scene.Client with
                {
                    Metadata = (await scene.ClientAsync()).Metadata with { DeletionTimestamp = expiry, Finalizers = ["of-a-test"] },
                });
            }
        };

        var failure = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync());

        Assert.Equal(
            "OAuthClient integrations/acme is being deleted. The new secret is in Secret integrations/acme-credentials under the key "
                + "clientSecret-2026-11-30, and the client does not name it.",
            failure.Message
        );
    }

    [Fact]
    public async Task An_answer_that_was_lost_leaves_open_whether_the_Secret_was_written()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Before = (verb, kind, _) =>
            verb == ClusterVerb.Patch && kind.Kind == "Secret" ? throw new HttpRequestException("cut") : Task.CompletedTask;

        var failure = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync());

        Assert.Contains(
            "Whether Secret integrations/acme-credentials was changed is not known",
            failure.Message,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("othing was changed", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.GatewayTimeout)]
    public async Task A_server_that_failed_leaves_open_whether_the_Secret_was_written(HttpStatusCode status)
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Before = (verb, kind, _) =>
            verb == ClusterVerb.Patch && kind.Kind == "Secret" ? throw new KubernetesException(status, "", "no") : Task.CompletedTask;

        var failure = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync());

        Assert.EndsWith(
            "Whether Secret integrations/acme-credentials was changed is not known, since no clear answer came. Run this again with the "
                + "same secret: it goes on from there.",
            failure.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_was_written_is_said_where_the_second_look_fails()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Before = async (verb, kind, _) =>
        {
            if (verb == ClusterVerb.Patch && kind.Kind == "OAuthClient")
            {
                scene.Before = null;
                await ChangeAsync(scene, kind.Kind);
                scene.Before = (_, _, _) => throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no");
            }
        };

        var failure = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync());

        Assert.StartsWith(
            "You may not get oauthclients.visma-operator.io in namespace integrations.",
            failure.Message,
            StringComparison.Ordinal
        );
        Assert.EndsWith($" {InTheSecretOnly} {ToGoOn}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_written_is_said_where_somebody_begins_to_keep_the_client_meanwhile()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Before = async (verb, kind, _) =>
        {
            if (verb == ClusterVerb.Patch && kind.Kind == "OAuthClient")
            {
                scene.Before = null;
                var client = await scene.ClientAsync();
                var annotations = new Dictionary<string, string> { ["argocd.argoproj.io/tracking-id"] = "erp:OAuthClient:acme" };
                scene.Put(client with { Metadata = client.Metadata with { Annotations = annotations } });
            }
        };

        Assert.Null(await scene.RotateAsync());

        Assert.Contains(InTheSecretOnly, scene.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Nothing was written", scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_written_is_said_where_the_Secret_turns_out_to_be_one_of_a_connection()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Before = async (verb, kind, _) =>
        {
            if (verb == ClusterVerb.Patch && kind.Kind == "OAuthClient")
            {
                scene.Before = null;
                await ChangeAsync(scene, kind.Kind);
                var annotations = new Dictionary<string, string> { [VismaNames.ConnectionAnnotation] = "acme" };
                var secret = await scene.SecretAsync();
                scene.Put(secret with { Metadata = secret.Metadata with { Annotations = annotations } });
            }
        };

        var failure = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync());

        Assert.Contains("holds the token or the grant of a VismaConnection", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith($" {InTheSecretOnly}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_written_is_said_where_somebody_else_changes_the_client_all_the_time()
    {
        await using var scene = await RotateScene.OpenAsync();
        var changes = 0;
        scene.Before = async (verb, kind, name) =>
        {
            if (verb == ClusterVerb.Patch && kind.Kind == "OAuthClient" && changes % 2 == 0)
            {
                changes++; // that of the change itself is let through
                var note = new JsonObject { ["note"] = $"{changes}" };
                var patch = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = note } };
                await scene.Cluster.PatchAsync<OAuthClient>(name, patch, Ct);
                changes++;
            }
        };

        var failure = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync());

        Assert.Equal(12, changes);
        Assert.Equal(
            "Somebody else changes OAuthClient integrations/acme or its Secret all the time: see who, before you run this again. "
                + $"{InTheSecretOnly} {ToGoOn}",
            failure.Message
        );
    }

    [Theory]
    [InlineData(ClusterVerb.Get, "Secret", "Stopped. Nothing was changed.")]
    [InlineData(
        ClusterVerb.Patch,
        "Secret",
        "Stopped. Whether Secret integrations/acme-credentials was changed is not known, since no clear answer came. Run this again with "
            + "the same secret: it goes on from there."
    )]
    [InlineData(
        ClusterVerb.Patch,
        "OAuthClient",
        "Stopped. The new secret is in Secret integrations/acme-credentials under the key clientSecret-2026-11-30, and whether OAuthClient "
            + "integrations/acme names it first is not known, since no clear answer came. Run this again with the same secret: it goes on "
            + "from there."
    )]
    public async Task A_stop_says_what_was_written_and_how_to_go_on(string verb, string kind, string words)
    {
        await using var scene = await RotateScene.OpenAsync();
        using var stop = new CancellationTokenSource();
        scene.Stop = stop.Token;
        scene.Before = (asked, about, _) =>
        {
            if (asked == verb && about.Kind == kind)
            {
                stop.Cancel();
            }

            return Task.CompletedTask;
        };

        var failure = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync());

        Assert.Equal(words, failure.Message);
        (scene.Before, scene.Stop) = (null, TestContext.Current.CancellationToken);
        await scene.AgainAsync();
        Assert.Equal([RotateScene.NewKey, "clientSecret"], await scene.ListAsync());
    }

    [Fact]
    public async Task A_stop_after_both_writes_says_that_the_new_secret_is_first()
    {
        await using var scene = await RotateScene.OpenAsync();
        using var stop = new CancellationTokenSource();
        scene.Stop = stop.Token;
        scene.Before = (verb, kind, _) =>
        {
            if (verb == ClusterVerb.List && kind.Kind == "OAuthClient")
            {
                stop.Cancel(); // others that list an old secret
            }

            return Task.CompletedTask;
        };

        var failure = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync());

        Assert.Contains("and OAuthClient integrations/acme names it first.", failure.Message, StringComparison.Ordinal);
        Assert.Equal([RotateScene.NewKey, "clientSecret"], await scene.ListAsync());
    }

    [Theory]
    [InlineData(Grant.AuthorizationCode, false, "It spends no consent of a person for a trial.")]
    [InlineData(Grant.ClientCredentials, true, "Every VismaConnection that could try it is suspended.")]
    public async Task Without_a_trial_the_operator_is_not_said_to_try_where_it_does_not(Grant grant, bool isSuspended, string words)
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Options = scene.Options with { Trial = RotateTrial.Skipped };
        scene.Connection = scene.Connection! with { Spec = scene.Connection.Spec with { Grant = grant, Suspend = isSuspended } };

        var result = await scene.RotateAsync();

        Assert.StartsWith(words, result!.Stays, StringComparison.Ordinal);
        Assert.DoesNotContain("within a minute", scene.Output, StringComparison.Ordinal);
        Assert.Empty(scene.Provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task Without_a_trial_a_person_who_may_not_list_connections_is_told_that_they_were_not_seen()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Options = scene.Options with { Trial = RotateTrial.Skipped };
        scene.Before = (verb, kind, _) =>
            verb == ClusterVerb.List && kind == VismaConnection.ResourceKind
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                : Task.CompletedTask;

        Assert.Null((await scene.RotateAsync())!.Stays);

        Assert.Contains(
            "within a minute if a VismaConnection with the grant ClientCredentials is not suspended (not seen)",
            scene.Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_connection_of_another_namespace_tries_where_the_client_allows_it_and_nobody_is_nearer()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Client = scene.Client with
        {
            Spec = scene.Client.Spec with { AllowedNamespaces = new AllowedNamespaces { From = NamespaceScope.All } },
        };
        scene.Connection = Some.VismaConnection(ns: "reports");

        await scene.RotateAsync();

        Assert.Contains("asked for VismaConnection reports/acme-production", scene.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("argocd.argoproj.io/tracking-id", false, "Argo CD (annotation argocd.argoproj.io/tracking-id)")]
    [InlineData("argocd.argoproj.io/instance", true, "Argo CD (label argocd.argoproj.io/instance)")]
    [InlineData("kustomize.toolkit.fluxcd.io/name", true, "Flux (label kustomize.toolkit.fluxcd.io/name)")]
    [InlineData("helm.toolkit.fluxcd.io/name", true, "Flux (label helm.toolkit.fluxcd.io/name)")]
    [InlineData("meta.helm.sh/release-name", false, "Helm (annotation meta.helm.sh/release-name)")]
    public async Task A_client_from_a_repository_is_printed_and_nothing_is_written(string sign, bool isLabel, string words)
    {
        await using var scene = await RotateScene.OpenAsync();
        var signs = new Dictionary<string, string> { [sign] = "apps" };
        var metadata = scene.Client.Metadata;
        scene.Client = scene.Client with { Metadata = isLabel ? metadata with { Labels = signs } : metadata with { Annotations = signs } };

        Assert.Null(await scene.RotateAsync());

        Assert.Empty(scene.Writes);
        Assert.Contains($"OAuthClient integrations/acme is kept by {words}, which would undo", scene.Output, StringComparison.Ordinal);
        Assert.Contains(
            "kubectl patch secret acme-credentials -n integrations --patch-file /dev/stdin\n",
            scene.Output,
            StringComparison.Ordinal
        );
        Assert.EndsWith(
            """
            spec:
              clientSecrets:
              - secretKeyRef:
                  name: acme-credentials
                  key: clientSecret-2026-11-30
              - secretKeyRef:
                  name: acme-credentials
                  key: clientSecret

            """,
            scene.Output,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("argocd-controller", "Argo CD (field manager argocd-controller)")]
    [InlineData("kustomize-controller", "Flux (field manager kustomize-controller)")]
    public async Task Who_wrote_a_client_is_known_by_its_field_manager_too(string manager, string words)
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Writers["OAuthClient"] = manager;

        Assert.Null(await scene.RotateAsync());

        Assert.Empty(scene.Writes);
        Assert.Contains($"is kept by {words}", scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_kubectl_wrote_is_written()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Writers["OAuthClient"] = "kubectl-client-side-apply";
        scene.Writers["Secret"] = "kubectl-create";

        var result = await scene.RotateAsync();

        Assert.Equal(
            "OAuthClient integrations/acme is applied from a file: write the new list there, or the next apply puts the old one back.",
            Assert.Single(result!.Cautions)
        );
    }

    [Theory]
    [InlineData("external-secrets.io/v1", "ExternalSecret", "ExternalSecret vault-acme", "  - secretKey: clientSecret-2026-11-30\n")]
    [InlineData("bitnami.com/v1alpha1", "SealedSecret", "SealedSecret vault-acme", " | kubeseal -o yaml --merge-into THE-FILE.yaml\n")]
    [InlineData("example.com/v1", "Vault", "Vault vault-acme (owner reference)", "(with SOPS: sops edit THE-FILE.yaml)")]
    [InlineData("example.com/v1", "Vault", "Vault vault-acme (owner reference)", "(with SOPS: sops edit THE-FILE.yaml)", false)]
    public async Task A_Secret_that_another_object_makes_is_printed_and_nothing_is_written(
        string apiVersion,
        string kind,
        string words,
        string way,
        bool isController = true
    )
    {
        await using var scene = await RotateScene.OpenAsync();
        var owner = new OwnerReference { ApiVersion = apiVersion, Kind = kind, Name = "vault-acme", Uid = "u", Controller = isController };
        scene.Credentials = scene.Credentials with { Metadata = scene.Credentials.Metadata with { OwnerReferences = [owner] } };

        Assert.Null(await scene.RotateAsync());

        Assert.Empty(scene.Writes);
        Assert.Contains($"Secret integrations/acme-credentials is kept by {words}", scene.Output, StringComparison.Ordinal);
        Assert.Contains(way, scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Secret_of_External_Secrets_without_an_owner_is_known_by_its_marks()
    {
        await using var scene = await RotateScene.OpenAsync();
        var marks = new Dictionary<string, string> { ["reconcile.external-secrets.io/data-hash"] = "x" };
        scene.Credentials = scene.Credentials with { Metadata = scene.Credentials.Metadata with { Annotations = marks } };

        Assert.Null(await scene.RotateAsync());

        Assert.Contains("kept by External Secrets (reconcile.external-secrets.io/data-hash)", scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_secret_is_refused_before_anything_is_printed()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Writers["OAuthClient"] = "argocd-controller";

        await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync("a-secret-of-another-application"));

        Assert.Empty(scene.Output);
    }

    [Fact]
    public async Task A_person_may_have_it_written_all_the_same()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Writers["OAuthClient"] = "argocd-controller";
        scene.Options = scene.Options with { Kept = KeptObjects.Written };

        Assert.NotNull(await scene.RotateAsync());
        Assert.Equal([RotateScene.NewKey, "clientSecret"], await scene.ListAsync());
    }

    [Theory]
    [InlineData("Secret")]
    [InlineData("OAuthClient")]
    public async Task A_change_of_somebody_else_meanwhile_is_told_kept_and_gone_on_from(string kind)
    {
        await using var scene = await RotateScene.OpenAsync();
        var changes = 0;
        scene.Before = async (verb, about, _) =>
        {
            if (verb == ClusterVerb.Patch && about.Kind == kind && changes++ == 0)
            {
                await ChangeAsync(scene, kind);
            }
        };

        await scene.RotateAsync();

        var (client, secret) = (await scene.ClientAsync(), await scene.SecretAsync());
        Assert.Contains("Somebody else changed integrations/acme or its Secret meanwhile", scene.Output, StringComparison.Ordinal);
        Assert.Equal([RotateScene.NewKey, "clientSecret"], await scene.ListAsync());
        Assert.Equal(RotateScene.NewSecret, secret.Text(RotateScene.NewKey));
        Assert.Equal("of somebody else", (kind == "Secret" ? secret.Metadata : client.Metadata).Annotation("note"));
        Assert.Single(scene.Provider.Ledger.TokenRequests);
        Assert.Equal(2, secret.Data!.Count);
    }

    [Fact]
    public async Task The_trial_is_made_again_where_the_application_changed_meanwhile()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Before = async (verb, kind, name) =>
        {
            if (verb == ClusterVerb.Patch && kind.Kind == "OAuthClient")
            {
                scene.Before = null;
                var patch = new JsonObject { ["spec"] = new JsonObject { ["authenticationMethod"] = "client_secret_basic" } };
                await scene.Cluster.PatchAsync<OAuthClient>(name, patch, TestContext.Current.CancellationToken);
            }
        };

        await scene.RotateAsync();

        Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count);
        Assert.Equal([RotateScene.NewKey, "clientSecret"], await scene.ListAsync());
    }

    [Fact]
    public async Task A_run_that_ended_between_its_writes_left_nothing_broken_and_the_next_one_goes_on()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Before = (verb, kind, _) =>
            verb == ClusterVerb.Patch && kind.Kind == "OAuthClient"
                ? throw new HttpRequestException("cut")
                : Task.CompletedTask;

        var failure = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync());

        Assert.Equal(["clientSecret"], await scene.ListAsync());
        Assert.EndsWith("Run this again with the same secret: it goes on from there.", failure.Message, StringComparison.Ordinal);
        scene.Before = null;
        await scene.AgainAsync();
        Assert.Equal([RotateScene.NewKey, "clientSecret"], await scene.ListAsync());
        Assert.Equal(["clientSecret", RotateScene.NewKey], (await scene.SecretAsync()).Data!.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_same_secret_once_more_changes_nothing()
    {
        await using var scene = await RotateScene.OpenAsync();
        await scene.RotateAsync();
        scene.Writes.Clear();

        Assert.NotNull(await scene.AgainAsync());

        Assert.Empty(scene.Writes);
        Assert.Contains("is first already", scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_older_secret_of_the_list_is_put_first_again_and_keeps_its_expiry()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Client = scene.Client with
        {
            Spec = scene.Client.Spec with
            {
                ClientSecrets = [Entry("current"), Entry("clientSecret") with { ExpirationTime = expiry }, Entry("third")],
            },
        };

        await scene.RotateAsync(Some.ClientSecret);

        Assert.Equal(["OAuthClient"], scene.Writes);
        Assert.Equal(["clientSecret", "current", "third"], await scene.ListAsync());
        Assert.Equal(expiry, (await scene.ClientAsync()).Spec.ClientSecrets[0].ExpirationTime);
    }

    [Fact]
    public async Task A_second_secret_of_one_day_gets_a_key_of_its_own_and_a_date_is_never_doubled()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Client = scene.Client with
        {
            Spec = scene.Client.Spec with { ClientSecrets = [Entry("portal-2025-01-31-2"), Entry("clientSecret")] },
        };
        scene.Credentials = scene.Credentials with
        {
            Data = new Dictionary<string, SecretValue>(scene.Credentials.Data!)
            {
                ["portal-2026-11-30"] = SecretValue.FromText("another one"),
            },
        };

        await scene.RotateAsync();

        Assert.Equal(["portal-2026-11-30-2", "portal-2025-01-31-2", "clientSecret"], await scene.ListAsync());
        Assert.Equal("another one", (await scene.SecretAsync()).Text("portal-2026-11-30"));
    }

    [Fact]
    public async Task A_key_with_another_value_is_never_overwritten()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Options = scene.Options with { Key = "clientSecret" };

        var failure = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync());

        Assert.Contains(
            "holds another value under the key clientSecret, which is never overwritten",
            failure.Message,
            StringComparison.Ordinal
        );
        Assert.Empty(scene.Writes);
    }

    [Fact]
    public async Task A_full_list_is_refused_before_anything_is_written()
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Client = scene.Client with
        {
            Spec = scene.Client.Spec with { ClientSecrets = [.. Enumerable.Range(1, 8).Select(number => Entry($"secret{number}"))] },
        };

        var failure = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync());

        Assert.Contains("lists 8 client secrets, and no more than 8 may be listed", failure.Message, StringComparison.Ordinal);
        Assert.Empty(scene.Writes);
    }

    [Fact]
    public async Task A_Secret_that_goes_away_is_refused_and_so_is_an_immutable_one_whoever_keeps_the_client()
    {
        await using var scene = await RotateScene.OpenAsync();
        var plain = scene.Credentials;
        scene.Credentials = plain with
        {
            Metadata = plain.Metadata with { DeletionTimestamp = expiry, Finalizers = ["of-a-test"] },
        };
        var terminating = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync());
        scene.Client = scene.Client.WithMetadata(scene.Client.Metadata with
        {
            Annotations = new Dictionary<string, string> { ["argocd.argoproj.io/tracking-id"] = "of-a-test" },
        });
        scene.Credentials = plain with { Immutable = true };
        var immutable = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync());

        Assert.Equal("Secret integrations/acme-credentials is being deleted. Nothing was changed.", terminating.Message);
        Assert.Contains("is immutable. Make another Secret", immutable.Message, StringComparison.Ordinal);
        Assert.Empty(scene.Writes);
    }

    [Fact]
    public async Task An_immutable_Secret_and_one_of_a_connection_are_refused()
    {
        await using var scene = await RotateScene.OpenAsync();
        var plain = scene.Credentials;
        scene.Credentials = plain with { Immutable = true };
        var immutable = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync());
        var annotations = new Dictionary<string, string> { [VismaNames.ConnectionAnnotation] = "acme" };
        scene.Put(plain with { Metadata = plain.Metadata with { Annotations = annotations } });
        var ofConnection = await Assert.ThrowsAsync<RotateException>(() => scene.AgainAsync());

        Assert.Contains("is immutable. Make another Secret", immutable.Message, StringComparison.Ordinal);
        Assert.Contains("holds the token or the grant of a VismaConnection", ofConnection.Message, StringComparison.Ordinal);
        Assert.Empty(scene.Writes);
    }

    [Theory]
    [InlineData("get", "Secret", "You may not get secrets in namespace integrations. Have a Role with the verb get bound")]
    [InlineData("get", "OAuthClient", "You may not get oauthclients.visma-operator.io in namespace integrations.")]
    [InlineData("patch", "Secret", "with the verb patch bound to your account. Nothing was changed.")]
    [InlineData("patch", "OAuthClient", "You may not patch oauthclients.visma-operator.io in namespace integrations.")]
    [InlineData("list", "VismaConnection", "You may not list vismaconnections.visma-operator.io in namespace integrations.")]
    public async Task A_permission_that_is_missing_is_named(string verb, string kind, string words)
    {
        await using var scene = await RotateScene.OpenAsync();
        scene.Before = (asked, about, _) =>
            asked == verb && about.Kind == kind
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                : Task.CompletedTask;

        var failure = await Assert.ThrowsAsync<RotateException>(() => scene.RotateAsync());

        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.Equal(verb == "patch" && kind == "OAuthClient" ? 1 : 0, scene.Writes.Count(written => written == "Secret"));
    }

    [Fact]
    public async Task A_client_or_Secret_that_is_not_there_is_named()
    {
        await using var scene = await RotateScene.OpenAsync();

        var noClient = await Assert.ThrowsAsync<RotateException>(() => scene.AgainAsync());
        scene.Put(scene.Client);
        var noSecret = await Assert.ThrowsAsync<RotateException>(() => scene.AgainAsync());

        Assert.Contains(
            "There is no OAuthClient integrations/acme in the cluster https://cluster.example.com/",
            noClient.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("There is no Secret integrations/acme-credentials", noSecret.Message, StringComparison.Ordinal);
    }

    private static async Task ChangeAsync(RotateScene scene, string kind)
    {
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["annotations"] = new JsonObject { ["note"] = "of somebody else" },
            },
        };
        if (kind == "Secret")
        {
            await scene.Cluster.PatchAsync<Secret>(scene.Credentials.Metadata.NamespacedName, patch, Ct);
        }
        else
        {
            await scene.Cluster.PatchAsync<OAuthClient>(scene.Client.Metadata.NamespacedName, patch, Ct);
        }
    }

    private static ClientSecretSpec Entry(string key) =>
        new() { SecretKeyRef = new SecretKeyReference { Name = "acme-credentials", Key = key } };
}
