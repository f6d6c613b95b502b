using System.Net;
using System.Net.Sockets;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Microsoft.Extensions.Time.Testing;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Cli.Doctor;
using VismaOperator.Cli.Status;
using VismaOperator.Manifests;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Doctor;

/// <summary><c>doctor</c>: which link tells which fault, and what is sent.</summary>
public sealed class DoctorTests
{
    public static TheoryData<int> Situations => [.. Enumerable.Range(0, DoctorSituations.All.Count)];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Situations))]
    public async Task Each_fault_is_told_by_its_link(int index)
    {
        var situation = DoctorSituations.All[index];
        await using var scene = await DoctorScene.OpenAsync();
        situation.Arrange(scene);

        var report = await scene.WalkAsync();

        var link = report.Links.Single(link => link.Link == situation.Link);
        Assert.Equal((situation.Title, situation.Outcome, situation.Reason), (situation.Title, link.Outcome, link.Reason));
        Assert.NotEmpty(link.Message);
    }

    [Fact]
    public async Task Where_all_is_well_every_link_holds_or_does_not_apply()
    {
        await using var scene = await DoctorScene.OpenAsync();

        var report = await scene.WalkAsync();

        Assert.False(report.Broken);
        Assert.Equal(
            ["consent", "copies", "restarts"],
            report.Links.Where(link => link.Outcome == LinkOutcome.Skipped).Select(link => link.Link)
        );
        Assert.Contains("\nNetwork checks run from here, not from the operator's pod.\n", scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_broken_link_makes_pointless_is_skipped_with_its_name()
    {
        await using var scene = await DoctorScene.OpenAsync();
        scene.MoveTo("http://connect.visma.invalid");

        var report = await scene.WalkAsync();

        Assert.Equal(
            ["tls", "clock", "discovery", "token", "tenant", "scopes", "probe"],
            report.Links.Where(link => link.Reason == DoctorReason.DependsOnBrokenLink).Select(link => link.Link)
        );
        Assert.All(
            report.Links.Where(link => link.Reason == DoctorReason.DependsOnBrokenLink),
            link => Assert.Equal("Needs first: DNS.", link.Message)
        );
        Assert.Equal(LinkOutcome.Ok, report.Links.Single(link => link.Link == "permissions").Outcome);
    }

    [Fact]
    public async Task Without_request_the_request_is_shown_and_nothing_is_sent_to_the_token_endpoint()
    {
        await using var scene = await DoctorScene.OpenAsync();
        scene.Options = scene.Options with { Requests = DoctorRequests.Shown };

        var report = await scene.WalkAsync();

        Assert.Empty(scene.Provider.Ledger.TokenRequests);
        Assert.Equal(
            $"POST {scene.Provider.TokenEndpoint}: grant_type=client_credentials, scope={string.Join(' ', Some.Scopes)}, "
                + $"tenant_id={Some.Tenant}, client_id=isv_acme, client_secret=(from Secret acme-credentials, key clientSecret; "
                + "not shown). Not sent: visma-operator doctor --request sends it.",
            report.Links.Single(link => link.Link == "token").Message
        );
    }

    [Fact]
    public async Task A_grant_is_never_sent()
    {
        await using var scene = await DoctorScene.OpenAsync();
        scene.Interactive();
        scene.Authorized("True", "ConsentGranted", "Consent is in use.");

        var report = await scene.WalkAsync();

        Assert.Empty(scene.Provider.Ledger.TokenRequests);
        Assert.Equal(DoctorReason.NotApplicable, report.Links.Single(link => link.Link == "token").Reason);
    }

    [Fact]
    public async Task Where_the_first_secret_is_refused_and_the_second_works_both_are_told()
    {
        await using var scene = await DoctorScene.OpenAsync();
        scene.Put(Some.Credentials("a-secret-of-last-year", "acme-old"));
        scene.ClientSpec(spec => spec with
        {
            ClientSecrets =
            [
                new() { SecretKeyRef = new SecretKeyReference { Name = "acme-old", Key = "clientSecret" } },
                .. spec.ClientSecrets,
            ],
        });

        var token = (await scene.WalkAsync()).Links.Single(link => link.Link == "token");

        Assert.Equal((LinkOutcome.Warning, "ClientRefused"), (token.Outcome, token.Reason));
        Assert.Contains("with Secret integrations/acme-credentials, key clientSecret. Refused: acme-old.", token.Message);
    }

    [Fact]
    public async Task A_provider_that_hangs_is_given_up_after_eight_seconds()
    {
        await using var scene = await DoctorScene.OpenAsync();
        var held = new TaskCompletionSource();
        var fault = new Fault.Hold(held.Task);
        scene.Provider.Faults.Always(fault);
        var walking = scene.WalkAsync();
        await fault.Reached.WaitAsync(TestOperator.Patience, Ct);
        while (!walking.IsCompleted)
        {
            scene.Clock.Advance(TimeSpan.FromSeconds(8));
            await Task.Yield();
        }

        var token = (await walking).Links.Single(link => link.Link == "token");
        held.SetResult();

        Assert.Equal("ProviderUnavailable", token.Reason);
        Assert.Contains("no complete answer within 8 s", token.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_signed_itself_is_not_trusted()
    {
        await using var scene = await DoctorScene.OpenAsync(options => options with { Scheme = StandInScheme.Https });
        scene.Time = TimeProvider.System;

        var tls = (await scene.WalkAsync()).Links.Single(link => link.Link == "tls");

        Assert.Equal((LinkOutcome.Broken, DoctorReason.CertificateUntrusted), (tls.Outcome, tls.Reason));
        Assert.Contains("is signed by itself (CN=Visma Connect stand-in)", tls.Message, StringComparison.Ordinal);
        Assert.Empty(scene.Provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task A_certificate_that_is_trusted_holds_and_says_until_when()
    {
        await using var scene = await DoctorScene.OpenAsync(options => options with { Scheme = StandInScheme.Https });
        scene.Time = TimeProvider.System;
        scene.Http = scene.Http with { TrustedRoots = [scene.Provider.Certificate!] };

        var tls = (await scene.WalkAsync()).Links.Single(link => link.Link == "tls");

        Assert.Equal(LinkOutcome.Ok, tls.Outcome);
        Assert.Contains("is trusted and valid until", tls.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_ends_within_two_weeks_is_told()
    {
        await using var scene = await DoctorScene.OpenAsync(options => options with { Scheme = StandInScheme.Https });
        scene.Http = scene.Http with { TrustedRoots = [scene.Provider.Certificate!] };
        scene.Time = new FakeTimeProvider(new DateTimeOffset(scene.Provider.Certificate!.NotAfter).AddDays(-5));

        var tls = (await scene.WalkAsync()).Links.Single(link => link.Link == "tls");

        Assert.Equal((LinkOutcome.Warning, DoctorReason.CertificateExpiresSoon), (tls.Outcome, tls.Reason));
    }

    [Theory]
    [InlineData("localhost", -30, -1, DoctorReason.CertificateExpired)]
    [InlineData("localhost", 1, 30, DoctorReason.CertificateNotYetValid)]
    [InlineData("other.example.com", -1, 30, DoctorReason.CertificateOfAnotherHost)]
    public async Task What_is_wrong_with_a_certificate_is_told(string host, int from, int until, string reason)
    {
        var now = TimeProvider.System.GetUtcNow();
        await using var server = new TlsServer(host, now.AddDays(from), now.AddDays(until));
        await using var scene = await DoctorScene.OpenAsync();
        scene.Time = TimeProvider.System;
        scene.Http = scene.Http with { TrustedRoots = server.Root };
        scene.MoveTo(server.Url.OriginalString);

        var tls = (await scene.WalkAsync()).Links.Single(link => link.Link == "tls");

        Assert.Equal((LinkOutcome.Broken, reason), (tls.Outcome, tls.Reason));
    }

    [Fact]
    public async Task Only_allowed_hosts_are_contacted()
    {
        await using var scene = await DoctorScene.OpenAsync();
        scene.Issuer = "https://connect.visma.com";

        await scene.WalkAsync();

        Assert.Empty(scene.Provider.Ledger.Requests);
    }

    [Theory]
    [InlineData("discovered")]
    [InlineData("declared")]
    [InlineData("API")]
    public async Task A_host_outside_of_the_lists_is_not_contacted_wherever_it_is_named(string where)
    {
        await using var scene = await DoctorScene.OpenAsync();
        await using var other = await VismaConnectStandIn.StartAsync(Some.Provider(scene.Clock), Ct);
        var endpoint = new UriBuilder(other.Issuer) { Host = "localhost", Path = "/connect/token" }.Uri; // hosts are compared, not ports
        if (where == "discovered")
        {
            scene.Announce(endpoint);
            scene.AlsoAllowed = [];
        }
        else if (where == "declared")
        {
            scene.ClientSpec(spec => spec with { Endpoints = new EndpointsSpec { Token = endpoint.OriginalString } });
        }
        else
        {
            scene.Spec(spec => spec with { BaseUrl = $"{other.Issuer.OriginalString}/v1", Probe = spec.Probe with { Enabled = true } });
        }

        await scene.WalkAsync();

        Assert.Empty(other.Ledger.Requests);
    }

    [Fact]
    public async Task A_host_that_only_the_discovery_document_names_is_corrected_there()
    {
        await using var scene = await DoctorScene.OpenAsync();
        scene.Announce(new Uri("http://tokens.visma.invalid/connect/token"));
        scene.Resolve = (host, _) => host == "tokens.visma.invalid"
            ? throw new SocketException((int)SocketError.HostNotFound)
            : Task.FromResult<IPAddress[]>([IPAddress.Loopback]);

        var discovery = (await scene.WalkAsync()).Links.Single(link => link.Link == "discovery");

        Assert.Equal(DoctorReason.NameNotResolved, discovery.Reason);
        Assert.Contains("Correct the discovery document of the provider, or the DNS", discovery.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("spec.issuer", discovery.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_without_the_definitions_is_told_with_the_command_that_installs_them()
    {
        await using var scene = await DoctorScene.OpenAsync();
        scene.Cluster.Before = (_, _, _) =>
            throw new KubernetesException(HttpStatusCode.NotFound, "NotFound", "the server could not find the requested resource");

        var failure = await Assert.ThrowsAsync<DoctorException>(scene.WalkAsync);

        Assert.Equal(
            "The cluster https://cluster.example.com/ does not know vismaconnections.visma-operator.io. Install the definitions: "
            + "visma-operator crds | kubectl apply --server-side -f -",
            failure.Message
        );
    }

    [Fact]
    public async Task What_is_wrong_with_manifests_has_a_command_to_copy()
    {
        await using var scene = await DoctorScene.OpenAsync();
        scene.Options = scene.Options with { Manifests = new ManifestSource { Paths = ["acme.yaml", "my folder"] } };
        var text = Manifests(scene).Replace("scopes: [", "scopes: [7, ", StringComparison.Ordinal);
        var source = new ManifestObjects(ManifestReader.ReadText("acme.yaml", text), scene.Allowed, scene.Time);

        var link = (await scene.RunAsync(source)).Links.Single(link => link.Link == "connection");

        Assert.EndsWith("All of them: visma-operator check -f acme.yaml -f 'my folder'", link.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Manifests_are_looked_at_without_a_cluster_and_with_a_request()
    {
        await using var scene = await DoctorScene.OpenAsync();
        var source = new ManifestObjects(ManifestReader.ReadText("acme.yaml", Manifests(scene)), scene.Allowed, scene.Time);

        var report = await scene.RunAsync(source);

        Assert.False(report.Broken);
        Assert.Equal(LinkOutcome.Ok, report.Links.Single(link => link.Link == "token").Outcome);
        Assert.Equal(
            ["secret", "copies", "readers", "operator", "permissions", "restarts", "networkPolicy", "status"],
            report.Links.Where(link => link.Reason == DoctorReason.NoCluster).Select(link => link.Link)
        );
    }

    [Theory]
    [InlineData("scopes: [", "scopes: [7, ", "connection", LinkOutcome.Broken, "InvalidSpec")]
    [InlineData("metadata: {name: acme-credentials", "metadata: {name: other", "clientSecret", LinkOutcome.Unknown, DoctorReason.NotFound)]
    [InlineData("oauthClientRef: {name: acme}", "oauthClientRef: {name: nobody}", "client", LinkOutcome.Unknown, DoctorReason.NotFound)]
    [InlineData("clientSecret: ", "clientSecret: ENC[", "clientSecret", LinkOutcome.Unknown, DoctorReason.NotReadable)]
    internal async Task What_is_wrong_with_manifests_is_told(string old, string changed, string name, LinkOutcome outcome, string reason)
    {
        await using var scene = await DoctorScene.OpenAsync();
        var text = Manifests(scene).Replace(old, changed, StringComparison.Ordinal);
        text = text.Replace("ENC[the-portal-showed-this-once", "ENC[the-portal-showed-this-once]", StringComparison.Ordinal);
        var source = new ManifestObjects(ManifestReader.ReadText("acme.yaml", text), scene.Allowed, scene.Time);

        var link = (await scene.RunAsync(source)).Links.Single(link => link.Link == name);

        Assert.Equal((outcome, reason), (link.Outcome, link.Reason));
        Assert.Empty(scene.Provider.Ledger.TokenRequests);
    }

    [Fact]
    public void Every_reason_that_only_doctor_gives_has_a_situation()
    {
        string[] ofOtherTests =
        [
            DoctorReason.DependsOnBrokenLink,
            DoctorReason.NotApplicable,
            DoctorReason.NoCluster,
            DoctorReason.NotReadable,
            DoctorReason.CertificateExpired,
            DoctorReason.CertificateExpiresSoon,
            DoctorReason.CertificateNotYetValid,
            DoctorReason.CertificateOfAnotherHost,
            DoctorReason.CertificateUntrusted,
            DoctorReason.SetsNotServed,
        ];
        var reasons = typeof(DoctorReason).GetFields().Select(field => (string)field.GetRawConstantValue()!);

        Assert.Empty(reasons.Except(ofOtherTests).Except(DoctorSituations.All.Select(situation => situation.Reason)));
    }

    [Fact]
    public void The_permissions_are_those_of_the_chart()
    {
        var rules = File.ReadAllText(Repository.Path("charts", "visma-operator", "templates", "_helpers.tpl"));
        rules = rules[rules.IndexOf("define \"visma-operator.rules\"", StringComparison.Ordinal)..];
        rules = rules[..rules.IndexOf("if .Values.connectionSets.enabled", StringComparison.Ordinal)]; // a connection needs none of these
        var ofTheChart =
            from rule in rules.Split("- apiGroups: ")[1..]
            let lines = rule.Split('\n')
            let groups = Words(lines[0])
            from resource in Words(lines.Single(line => line.TrimStart().StartsWith("resources:", StringComparison.Ordinal)))
            from verb in Words(lines.Single(line => line.TrimStart().StartsWith("verbs:", StringComparison.Ordinal)))
            select $"{verb} {resource}{(groups[0].Length > 2 ? $".{groups[0]}" : string.Empty)} in namespace integrations";
        var asked = OperatorPermissions
            .For("integrations", "integrations", [], NamespaceRange.One)
            .Select(OperatorPermissions.Words)
            .Where(words => !words.Contains("namespaces ", StringComparison.Ordinal));

        Assert.Equal(ofTheChart.Order(StringComparer.Ordinal), asked.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Where_the_token_is_copied_to_the_operator_reads_its_kinds_and_writes_Secrets()
    {
        string[] targets = ["integrations", "reports", "reports"];

        var asked = OperatorPermissions.For("integrations", "integrations", targets, NamespaceRange.One).Select(OperatorPermissions.Words);

        Assert.Equal(
            [
                "create secrets in namespace reports",
                "delete secrets in namespace reports",
                "get namespaces reports",
                "get secrets in namespace reports",
                "list oauthclients.visma-operator.io in namespace reports",
                "list secrets in namespace reports",
                "list vismaconnections.visma-operator.io in namespace reports",
                "update secrets in namespace reports",
                "watch oauthclients.visma-operator.io in namespace reports",
                "watch secrets in namespace reports",
                "watch vismaconnections.visma-operator.io in namespace reports",
            ],
            asked.Where(words => words.EndsWith(" reports", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        );
        Assert.DoesNotContain(
            OperatorPermissions.For("integrations", "integrations", targets, NamespaceRange.All),
            access => access is { Resource: "namespaces", Verb: "get" }
        );
    }

    [Fact]
    public void The_permissions_of_the_leader_are_those_of_the_chart()
    {
        var role = File.ReadAllText(Repository.Path("charts", "visma-operator", "templates", "rbac-lease.yaml"));
        var ofTheChart =
            from rule in role.Split("- apiGroups: ")[1..]
            where rule.Contains("resources: [leases]", StringComparison.Ordinal)
            let lines = rule.Split('\n')
            let names = lines.FirstOrDefault(line => line.TrimStart().StartsWith("resourceNames:", StringComparison.Ordinal))
            from verb in Words(lines.Single(line => line.TrimStart().StartsWith("verbs:", StringComparison.Ordinal)))
            select (verb, names is null ? null : Words(names).Single());

        Assert.Equal(
            ofTheChart.Order(),
            OperatorPermissions.OfLeader("visma-system").Select(access => (access.Verb, access.Name)).Order()
        );
    }

    [Fact]
    public void The_permissions_of_restarts_are_those_of_the_chart()
    {
        var role = File.ReadAllLines(Repository.Path("charts", "visma-operator", "templates", "rbac-restart.yaml"));
        var lines = role.SkipWhile(line => line != "- apiGroups: [apps]").ToList();

        Assert.Equal(["  resources: [deployments, statefulsets, daemonsets]", "  verbs: [get, patch]"], lines[1..3]);
        Assert.Equal(
            ["get deployments.apps in namespace a", "patch deployments.apps in namespace a"],
            OperatorPermissions.OfRestarts(Deployment.ResourceKind, "a").Select(OperatorPermissions.Words)
        );
    }

    private static string[] Words(string line) =>
        line[(line.IndexOf('[', StringComparison.Ordinal) + 1)..line.IndexOf(']', StringComparison.Ordinal)].Split(", ");

    internal static string Manifests(DoctorScene scene) =>
        $$"""
        apiVersion: v1
        kind: Secret
        metadata: {name: acme-credentials, namespace: integrations}
        stringData:
          clientSecret: {{Some.ClientSecret}}
        ---
        apiVersion: visma-operator.io/v1
        kind: OAuthClient
        metadata: {name: acme, namespace: integrations}
        spec:
          issuer: {{scene.Issuer}}
          clientID: {{Some.ClientId}}
          clientSecrets:
          - secretKeyRef: {name: acme-credentials, key: clientSecret}
        ---
        apiVersion: visma-operator.io/v1
        kind: VismaConnection
        metadata: {name: acme-production, namespace: integrations}
        spec:
          oauthClientRef: {name: acme}
          tenantID: {{Some.Tenant}}
          baseURL: {{scene.Issuer}}/v1
          scopes: [{{string.Join(", ", Some.Scopes.Select(scope => $"\"{scope}\""))}}]
        """;
}
