using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.InMemory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Api;
using VismaOperator.Local;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Local;

/// <summary>A Secret whose owner lends it to a connection, and whose manifest changes afterwards, in local mode.</summary>
public sealed class LentSecretTests : IDisposable
{
    private static readonly NamespacedName name = new("integrations", "shared");
    private readonly CapturedLogs logs = new();
    private readonly ILoggerFactory factory;
    private readonly InMemoryCluster cluster = new(new FakeTimeProvider());

    public LentSecretTests() => factory = LoggerFactory.Create(logging => logging.AddProvider(logs));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => factory.Dispose();

    [Fact]
    public async Task A_changed_manifest_changes_its_own_keys_and_leaves_ours()
    {
        var applier = Applier();
        await ApplyAsync(applier, Lent(("url", "old"), ("obsolete", "x")));
        await PublishAsync();

        await ApplyAsync(applier, Lent(("url", "new"), ("access_token", "placeholder")));

        var secret = (await cluster.FindAsync<Secret>(name, Ct))!;
        Assert.Equal(
            ["access_token=t0ken", "dotenv=TOKEN=t0ken", "url=new"],
            secret.Data!.Select(entry => $"{entry.Key}={entry.Value.RevealText()}").Order(StringComparer.Ordinal)
        );
        Assert.Equal("acme", secret.Metadata.Annotation(VismaNames.ConnectionAnnotation));
        Assert.Equal(VismaNames.ManagedByValue, secret.Metadata.Label(VismaNames.ManagedByLabel));
        Assert.DoesNotContain(logs.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_manifest_that_did_not_change_writes_nothing()
    {
        var applier = Applier();
        await ApplyAsync(applier, Lent(("url", "old")));
        await PublishAsync();
        var version = cluster.ResourceVersion;

        await ApplyAsync(applier, Lent(("url", "old")));

        Assert.Equal(version, cluster.ResourceVersion);
    }

    [Fact]
    public async Task A_manifest_that_is_gone_takes_the_Secret_along_also_after_a_restart()
    {
        await ApplyAsync(Applier(), Lent(("url", "old")));
        await PublishAsync();

        await ApplyAsync(Applier());

        Assert.Null(await cluster.FindAsync<Secret>(name, Ct));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(VismaNames.TokenSecretValue, null)]
    [InlineData(null, "acme")]
    [InlineData("grant", "acme")]
    public async Task A_manifest_that_lends_nothing_overwrites_no_token(string? label, string? adopt)
    {
        var applier = Applier();
        await ApplyAsync(applier, Lent(("url", "old")));
        await PublishAsync();
        var version = cluster.ResourceVersion;

        await ApplyAsync(applier, Manifest(label, adopt, ("url", "new")));

        Assert.Equal(version, cluster.ResourceVersion);
        Assert.Contains(
            logs.Lines,
            line => line.Contains("Secret integrations/shared", StringComparison.Ordinal)
                && line.Contains(VismaNames.AdoptAnnotation, StringComparison.Ordinal)
        );
    }

    private ManifestApplier Applier() => new(cluster, factory.CreateLogger<ManifestApplier>());

    private static Task ApplyAsync(ManifestApplier applier, params IReadOnlyList<Secret> secrets) =>
        applier.ApplyAsync(new ManifestObjects([], secrets, [], []), Absent.Deleted, Ct);

    private static Secret Lent(params IEnumerable<(string Key, string Value)> data) =>
        Manifest(VismaNames.TokenSecretValue, "acme", data);

    private static Secret Manifest(string? label, string? adopt, params IEnumerable<(string Key, string Value)> data) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = name.Name,
            Namespace = name.Namespace,
            Labels = label is null ? null : new Dictionary<string, string> { [VismaNames.SecretLabel] = label },
            Annotations = adopt is null ? null : new Dictionary<string, string> { [VismaNames.AdoptAnnotation] = adopt },
        },
        Data = data.ToDictionary(entry => entry.Key, entry => SecretValue.FromText(entry.Value)),
    };

    // As the operator puts a token into it.
    private async Task PublishAsync()
    {
        var secret = (await cluster.FindAsync<Secret>(name, Ct))!;
        var annotations = new Dictionary<string, string>(secret.Metadata.Annotations!)
        {
            [VismaNames.ConnectionAnnotation] = "acme",
            [VismaNames.KeysAnnotation] = "access_token dotenv",
        };
        var labels = new Dictionary<string, string>(secret.Metadata.Labels!) { [VismaNames.ManagedByLabel] = VismaNames.ManagedByValue };
        var data = new Dictionary<string, SecretValue>(secret.Data!)
        {
            ["access_token"] = SecretValue.FromText("t0ken"),
            ["dotenv"] = SecretValue.FromText("TOKEN=t0ken"),
        };
        await cluster.ReplaceAsync(
            secret with { Data = data, Metadata = secret.Metadata with { Labels = labels, Annotations = annotations } },
            Ct
        );
    }
}
