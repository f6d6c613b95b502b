using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.InMemory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Api;
using VismaOperator.Local;
using VismaOperator.Manifests;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Local;

public sealed class ManifestTests : IDisposable
{
    private static readonly NamespacedName acme = new("integrations", "acme");
    private readonly TemporaryFolder folder = new();
    private readonly CapturedLogs logs = new();
    private readonly ILoggerFactory factory;
    private readonly InMemoryCluster cluster = new(new FakeTimeProvider());
    private readonly FakeTimeProvider time = new();
    private readonly ManifestFolders manifests;

    public ManifestTests()
    {
        factory = LoggerFactory.Create(logging => logging.AddProvider(logs));
        manifests = new ManifestFolders(
            new ManifestSource { Paths = [folder.Path], IsOutput = LocalFolders.AreOurs },
            new ManifestApplier(cluster, factory.CreateLogger<ManifestApplier>()),
            time,
            factory.CreateLogger<ManifestFolders>()
        );
    }

    public void Dispose()
    {
        factory.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Every_kind_is_created_and_namespaces_come_along()
    {
        folder.Write("all.yaml", $"{Client}\n---\n{Connection("a")}\n---\n{Credentials}");

        await manifests.LoadAsync(Absent.Deleted, Token);

        Assert.NotNull(await cluster.FindAsync<OAuthClient>(acme, Token));
        Assert.NotNull(await cluster.FindAsync<VismaConnection>(acme, Token));
        Assert.Equal("s3cret", (await cluster.FindAsync<Secret>(acme, Token))!.Data!["clientSecret"].RevealText());
        Assert.Equal(
            "integrations",
            (await cluster.FindAsync<Namespace>(NamespacedName.ClusterScoped("integrations"), Token))!.Metadata.Label(
                "kubernetes.io/metadata.name"
            )
        );
    }

    [Fact]
    public async Task Reading_again_changes_nothing_and_a_changed_spec_counts_one_generation()
    {
        folder.Write("connection.yaml", Connection("a"));
        await manifests.LoadAsync(Absent.Deleted, Token);
        var version = cluster.ResourceVersion;

        await manifests.LoadAsync(Absent.Deleted, Token);
        Assert.Equal(version, cluster.ResourceVersion);

        folder.Write("connection.yaml", Connection("another"));
        await manifests.LoadAsync(Absent.Deleted, Token);
        var changed = await cluster.FindAsync<VismaConnection>(acme, Token);
        Assert.Equal((2, "another"), (changed!.Metadata.Generation, changed.Spec.DisplayName));
    }

    [Fact]
    public async Task A_file_is_read_again_only_when_it_changed()
    {
        folder.Write("connection.yaml", Connection("a"));
        await manifests.LoadIfChangedAsync(Token);
        await manifests.LoadIfChangedAsync(Token);
        Assert.Single(logs.Lines, line => line.Contains("Manifests read", StringComparison.Ordinal));

        folder.Write("connection.yaml", Connection("longer than before"));
        await manifests.LoadIfChangedAsync(Token);
        Assert.Equal(2, logs.Lines.Count(line => line.Contains("Manifests read", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_object_in_no_manifest_is_deleted_but_never_while_a_manifest_is_unreadable()
    {
        folder.Write("client.yaml", Client);
        folder.Write("secret.yaml", Credentials);
        folder.Write("connection.yaml", Connection("a"));
        await manifests.LoadAsync(Absent.Deleted, Token);

        folder.Write("connection.yaml", "kind: [");
        File.Delete(folder["secret.yaml"]);
        await manifests.LoadAsync(Absent.Deleted, Token);
        Assert.NotNull(await cluster.FindAsync<VismaConnection>(acme, Token));
        Assert.NotNull(await cluster.FindAsync<Secret>(acme, Token));
        Assert.Contains(
            logs.Lines,
            line => line.Contains("connection.yaml", StringComparison.Ordinal) && line.StartsWith("Error", StringComparison.Ordinal)
        );

        File.Delete(folder["connection.yaml"]);
        await manifests.LoadAsync(Absent.Deleted, Token);
        Assert.Null(await cluster.FindAsync<VismaConnection>(acme, Token));
        Assert.Null(await cluster.FindAsync<Secret>(acme, Token));
        Assert.NotNull(await cluster.FindAsync<OAuthClient>(acme, Token));
    }

    [Fact]
    public async Task A_file_that_is_back_within_ten_seconds_was_never_gone()
    {
        folder.Write("client.yaml", Client);
        folder.Write("connection.yaml", Connection("a"));
        await manifests.LoadIfChangedAsync(Token);
        var before = await cluster.FindAsync<VismaConnection>(acme, Token);

        File.Delete(folder["connection.yaml"]);
        await LookForAsync(TimeSpan.FromSeconds(9));
        folder.Write("connection.yaml", Connection("a"));
        await LookForAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(before!.Metadata.Uid, (await cluster.FindAsync<VismaConnection>(acme, Token))?.Metadata.Uid);
    }

    [Fact]
    public async Task A_file_that_stays_away_takes_its_objects_along_after_ten_seconds()
    {
        folder.Write("client.yaml", Client);
        folder.Write("connection.yaml", Connection("a"));
        await manifests.LoadIfChangedAsync(Token);

        File.Delete(folder["connection.yaml"]);
        await LookForAsync(TimeSpan.FromSeconds(12));

        Assert.Null(await cluster.FindAsync<VismaConnection>(acme, Token));
        Assert.NotNull(await cluster.FindAsync<OAuthClient>(acme, Token));
    }

    [Fact]
    public async Task A_first_look_that_fails_does_not_let_the_second_one_take_away_what_is_missing()
    {
        folder.Write("client.yaml", Client);
        folder.Write("connection.yaml", Connection("a"));
        await manifests.LoadAsync(Absent.Deleted, Token);
        var aside = folder.Path + "-aside";
        Directory.Move(folder.Path, aside);
        await manifests.LoadIfChangedAsync(Token);

        Directory.Move(aside, folder.Path);
        File.Delete(folder["connection.yaml"]);
        await LookForAsync(TimeSpan.FromSeconds(9));
        Assert.NotNull(await cluster.FindAsync<VismaConnection>(acme, Token));

        await LookForAsync(TimeSpan.FromSeconds(3));
        Assert.Null(await cluster.FindAsync<VismaConnection>(acme, Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_folder_that_is_empty_or_gone_takes_nothing_along(bool isGone)
    {
        folder.Write("connection.yaml", Connection("a"));
        await manifests.LoadIfChangedAsync(Token);

        File.Delete(folder["connection.yaml"]);
        if (isGone)
        {
            Directory.Delete(folder.Path);
        }

        await LookForAsync(TimeSpan.FromMinutes(1));
        Assert.NotNull(await cluster.FindAsync<VismaConnection>(acme, Token));
        Assert.Contains(
            logs.Lines,
            line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains(folder.Path, StringComparison.Ordinal)
        );

        Directory.CreateDirectory(folder.Path);
        folder.Write("nothing.yaml", "# on purpose");
        await LookForAsync(TimeSpan.FromMinutes(1));
        Assert.Null(await cluster.FindAsync<VismaConnection>(acme, Token));
    }

    [Fact]
    public async Task A_manifest_does_not_overwrite_the_operators_own_secret()
    {
        var published = new Secret
        {
            Metadata = new ObjectMeta
            {
                Name = acme.Name,
                Namespace = acme.Namespace,
                Labels = new Dictionary<string, string> { [VismaNames.SecretLabel] = VismaNames.TokenSecretValue },
            },
        };
        var before = await cluster.CreateAsync(published, Token);
        folder.Write("secret.yaml", Credentials);

        await manifests.LoadAsync(Absent.Deleted, Token);

        Assert.Equal(before.Metadata.ResourceVersion, (await cluster.FindAsync<Secret>(acme, Token))!.Metadata.ResourceVersion);
        Assert.Contains(logs.Lines, line => line.Contains("Rename one of them", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_name_that_would_leave_the_output_directory_is_a_problem_with_its_place()
    {
        folder.Write("bad.yaml", Connection("a").Replace("namespace: integrations", "namespace: ../../etc", StringComparison.Ordinal));

        await manifests.LoadAsync(Absent.Deleted, Token);

        Assert.Contains(
            logs.Lines,
            line =>
                line.Contains("'../../etc' cannot be the name", StringComparison.Ordinal)
                && line.Contains("bad.yaml:3", StringComparison.Ordinal)
        );
        Assert.Empty((await cluster.ListPageAsync<VismaConnection>(ResourceSelector.All, 10, continueToken: null, Token)).Items);
    }

    [Fact]
    public async Task Nothing_of_an_encrypted_Secret_is_used()
    {
        folder.Write(
            "secret.yaml",
            Credentials.Replace("s3cret", "'ENC[AES256_GCM,data:abcdEFGH,iv:AAAA,tag:BBBB,type:str]'", StringComparison.Ordinal)
        );

        await manifests.LoadAsync(Absent.Deleted, Token);

        Assert.Null(await cluster.FindAsync<Secret>(acme, Token));
        Assert.Contains(
            logs.Lines,
            line =>
                line.StartsWith("Error", StringComparison.Ordinal)
                && line.Contains("Secret integrations/acme is encrypted by SOPS, and nothing of it is used", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    public async Task A_text_without_end_is_a_problem_and_the_others_are_served(string opening)
    {
        folder.Write("deep.yaml", "apiVersion: v1\nkind: X\nx: " + string.Concat(Enumerable.Repeat(opening, 100_000)));
        folder.Write("connection.yaml", Connection("a"));

        await manifests.LoadAsync(Absent.Deleted, Token);

        Assert.NotNull(await cluster.FindAsync<VismaConnection>(acme, Token));
        Assert.Contains(
            logs.Lines,
            line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains("deep.yaml:3:", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task An_editors_lock_does_not_keep_a_change_from_being_seen()
    {
        folder.Write("connection.yaml", Connection("a"));
        File.CreateSymbolicLink(folder[".#connection.yaml"], "somebody@host.1234:5678");
        await manifests.LoadIfChangedAsync(Token);

        folder.Write("connection.yaml", Connection("longer than before"));
        await manifests.LoadIfChangedAsync(Token);

        Assert.Equal("longer than before", (await cluster.FindAsync<VismaConnection>(acme, Token))!.Spec.DisplayName);
        Assert.DoesNotContain(logs.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_unreadable_folder_is_reported_once()
    {
        Directory.Delete(folder.Path);

        await LookForAsync(TimeSpan.FromSeconds(5));

        Assert.Single(logs.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
        Directory.CreateDirectory(folder.Path);
    }

    [Fact]
    public async Task A_folder_that_Kustomize_builds_now_takes_nothing_along()
    {
        folder.Write("connection.yaml", Connection("a"));
        await manifests.LoadIfChangedAsync(Token);

        folder.Write("kustomization.yaml", "resources: [connection.yaml]");
        await LookForAsync(TimeSpan.FromMinutes(1));

        Assert.NotNull(await cluster.FindAsync<VismaConnection>(acme, Token));
    }

    private async Task LookForAsync(TimeSpan duration)
    {
        for (var end = time.GetUtcNow() + duration; time.GetUtcNow() < end; time.Advance(TimeSpan.FromSeconds(1)))
        {
            await manifests.LoadIfChangedAsync(Token);
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private const string Client = """
        apiVersion: visma-operator.io/v1
        kind: OAuthClient
        metadata: {name: acme, namespace: integrations}
        spec:
          clientID: isv_acme
          clientSecrets:
          - secretKeyRef: {name: acme, key: clientSecret}
        """;

    private const string Credentials = """
        apiVersion: v1
        kind: Secret
        metadata: {name: acme, namespace: integrations}
        stringData: {clientSecret: s3cret}
        """;

    private static string Connection(string displayName) => $$"""
        apiVersion: visma-operator.io/v1
        kind: VismaConnection
        metadata: {name: acme, namespace: integrations}
        spec:
          displayName: {{displayName}}
          oauthClientRef: {name: acme}
          tenantID: 5f2c1a3e-7b64-4d0a-9c55-0f6a8f0f1a01
          scopes: [vismanet_erp_service_api:read]
        """;
}
