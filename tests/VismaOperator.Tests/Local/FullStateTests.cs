using System.Text.Json;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Cli.Connect;
using VismaOperator.Grants;
using VismaOperator.Local;
using VismaOperator.Manifests;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Local;

/// <summary>A state folder that takes no files: a file stands where a folder belongs, as good as a full disk.</summary>
public sealed class FullStateTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly CapturedLogs logs = new();
    private readonly ILoggerFactory factory;
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly LocalCluster cluster;

    public FullStateTests()
    {
        factory = LoggerFactory.Create(logging => logging.AddProvider(logs));
        cluster = new LocalCluster(folder["state"], () => { }, time);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Code => StateFiles.Handoff(folder["state"], Some.VismaConnection().Metadata.NamespacedName);

    public void Dispose()
    {
        cluster.Dispose();
        factory.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Manifests_are_not_blamed_and_are_applied_when_there_is_room()
    {
        var manifests = Manifests();
        Block(VismaConnection.ResourceKind.Plural);
        await manifests.LoadIfChangedAsync(Ct);
        await manifests.LoadIfChangedAsync(Ct);

        var told = Assert.Single(logs.Lines, line => line.Contains("cannot be written", StringComparison.Ordinal));
        Assert.Contains($"--state {folder["state"]}", told, StringComparison.Ordinal);
        Assert.DoesNotContain(logs.Lines, line => line.Contains("Manifests cannot be read", StringComparison.Ordinal));

        Unblock(VismaConnection.ResourceKind.Plural);
        await manifests.LoadIfChangedAsync(Ct);
        Assert.NotNull(await cluster.Client.FindAsync<VismaConnection>(Some.VismaConnection().Metadata.NamespacedName, Ct));
    }

    [Fact]
    public async Task Messages_of_controllers_name_the_folder_and_no_API_server()
    {
        Block(OAuthClient.ResourceKind.Plural);

        var failure = await Assert.ThrowsAnyAsync<Exception>(
            () => cluster.Client.CreateAsync(Some.OAuthClient("https://connect.example.com"), Ct)
        );

        Assert.StartsWith($"--state {folder["state"]} cannot be written: ", FailureText.Of(failure), StringComparison.Ordinal);
        Assert.True(Kubernetes.Controllers.Outage.Caused(failure));
    }

    [Fact]
    public async Task A_code_that_cannot_be_stored_is_kept_and_taken_in_later()
    {
        await cluster.Client.CreateAsync(Some.VismaConnection(), Ct);
        Leave();
        Block(Secret.ResourceKind.Plural);
        var inbox = Inbox();

        await inbox.LookAsync(Ct);
        await inbox.LookAsync(Ct);

        Assert.True(File.Exists(Code));
        var told = Assert.Single(logs.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
        Assert.Contains($"--state {folder["state"]} cannot be written", told, StringComparison.Ordinal);
        Assert.Contains("The code is kept", told, StringComparison.Ordinal);

        Unblock(Secret.ResourceKind.Plural);
        await inbox.LookAsync(Ct);
        Assert.Empty(Directory.EnumerateFiles(folder["state", "handoffs"], "*", SearchOption.AllDirectories));
        Assert.NotNull(await cluster.Client.FindAsync<Secret>(Some.VismaConnection().HandoffSecretName(), Ct));
    }

    [Fact]
    public async Task A_code_that_an_ended_process_had_taken_is_reported_as_lost()
    {
        await cluster.Client.CreateAsync(Some.VismaConnection(), Ct);
        Leave();
        File.Move(Code, Code + StateFiles.TakenSuffix);

        await Inbox().LookAsync(Ct);

        var told = Assert.Single(logs.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
        Assert.Contains($"VismaConnection {Some.VismaConnection().Metadata.NamespacedName}", told, StringComparison.Ordinal);
        Assert.Contains("connect again", told, StringComparison.Ordinal);
        Assert.False(File.Exists(Code + StateFiles.TakenSuffix));
    }

    [Fact]
    public async Task A_code_that_was_half_left_stays_until_nobody_can_be_writing_it_any_more()
    {
        Leave();
        File.Move(Code, Code + ".new");
        File.SetLastWriteTimeUtc(Code + ".new", time.GetUtcNow().UtcDateTime);

        await Inbox().LookAsync(Ct);
        var whileConnectMayRun = File.Exists(Code + ".new");
        time.Advance(TimeSpan.FromMinutes(6));
        await Inbox().LookAsync(Ct);

        Assert.True(whileConnectMayRun);
        Assert.False(File.Exists(Code + ".new"));
    }

    [Fact]
    public async Task A_newer_code_is_taken_although_an_ended_process_left_one_in_hand()
    {
        await cluster.Client.CreateAsync(Some.VismaConnection(), Ct);
        Leave();
        File.Copy(Code, Code + StateFiles.TakenSuffix);

        await Inbox().LookAsync(Ct);

        Assert.Empty(Directory.EnumerateFiles(folder["state", "handoffs"], "*", SearchOption.AllDirectories));
        Assert.NotNull(await cluster.Client.FindAsync<Secret>(Some.VismaConnection().HandoffSecretName(), Ct));
    }

    [Fact]
    public async Task A_code_that_local_mode_has_in_hand_and_may_put_back_is_not_taken_yet()
    {
        Directory.CreateDirectory(folder["state"]);
        var source = StateSource.Open(folder["state"]);
        var code = new ConsentCode(Sensitive.From("c0de"), Sensitive.From("verifier"), new Uri("http://localhost:8400/"));
        var connection = await cluster.Client.CreateAsync(Some.VismaConnection(), Ct);
        await source.EnsureHandoffAsync(connection, Ct);
        var left = await source.LeaveAsync(connection, new Handoff(code, time.GetUtcNow().AddMinutes(5)), Ct);

        File.Move(Code, Code + StateFiles.TakenSuffix);
        var (inHand, isWithdrawn) = (await left.IsTakenAsync(Ct), await left.WithdrawAsync(Ct));
        File.Move(Code + StateFiles.TakenSuffix, Code);
        var putBack = await left.IsTakenAsync(Ct);
        File.Delete(Code);

        Assert.Equal((false, false, false, true), (inHand, isWithdrawn, putBack, await left.IsTakenAsync(Ct)));
    }

    private HandoffInbox Inbox() => new(folder["state"], cluster.Client, time, factory.CreateLogger<HandoffInbox>());

    private ManifestFolders Manifests()
    {
        folder.CreateFolder("manifests");
        var name = Some.VismaConnection().Metadata.NamespacedName;
        File.WriteAllText(folder["manifests", "all.yaml"], $$"""
            apiVersion: visma-operator.io/v1
            kind: VismaConnection
            metadata: {name: {{name.Name}}, namespace: {{name.Namespace}}}
            spec:
              oauthClientRef: {name: acme}
              tenantID: {{Some.Tenant}}
              scopes: [vismanet_erp_service_api:read]
            """);
        return new ManifestFolders(
            new ManifestSource { Paths = [folder["manifests"]], IsOutput = LocalFolders.AreOurs },
            new ManifestApplier(cluster.Client, factory.CreateLogger<ManifestApplier>()),
            time,
            factory.CreateLogger<ManifestFolders>()
        );
    }

    private void Leave()
    {
        var expiry = time.GetUtcNow().AddMinutes(5);
        var connection = Some.VismaConnection();
        var left = SomeConsents.Handoff(connection.Metadata.Name, "c0de", "verifier", expiry);
        KeptFile.Write(Code, JsonSerializer.SerializeToUtf8Bytes(left, Secret.JsonTypeInfo));
    }

    private void Block(string plural)
    {
        Directory.CreateDirectory(folder["state"]);
        File.WriteAllText(folder["state", plural], "in the way");
    }

    private void Unblock(string plural) => File.Delete(folder["state", plural]);
}
