using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Api;
using VismaOperator.Local;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Local;

public sealed class SecretFoldersTests : IDisposable
{
    private static readonly NamespacedName acme = new("integrations", "acme-token");
    private static readonly TimeSpan patience = TestOperator.Patience;
    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider time = new();
    private readonly FaultyCluster cluster;
    private readonly Wakeup changed;
    private readonly SecretFolders folders;

    public SecretFoldersTests()
    {
        cluster = new FaultyCluster(time);
        changed = new Wakeup(time);
        folders = new SecretFolders(cluster, folder["out"], changed, time, NullLogger<SecretFolders>.Instance);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Only_token_secrets_are_published_and_a_deleted_one_is_taken_away()
    {
        await cluster.CreateAsync(Secret(acme, VismaNames.TokenSecretValue), Token);
        await cluster.CreateAsync(Secret(new("integrations", "credentials"), label: null), Token);
        await folders.PublishAsync(Token);
        Assert.Equal(["acme-token"], Directory.EnumerateDirectories(folder["out", "integrations"]).Select(Path.GetFileName));

        await cluster.DeleteAsync<Secret>(acme, preconditions: null, Token);
        await folders.PublishAsync(Token);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder["out"]));
    }

    [Fact]
    public async Task A_folder_left_by_an_earlier_process_is_taken_away_and_folders_of_others_stay()
    {
        await cluster.CreateAsync(Secret(acme, VismaNames.TokenSecretValue), Token);
        await folders.PublishAsync(Token);
        var foreign = folder.CreateFolder(Path.Combine("out", "integrations", "of-somebody"));
        var later = new SecretFolders(new FaultyCluster(time), folder["out"], changed, time, NullLogger<SecretFolders>.Instance);

        await later.PublishAsync(Token);

        Assert.False(Path.Exists(folder["out", "integrations", "acme-token"]));
        Assert.True(Path.Exists(foreign));
    }

    [Fact]
    public async Task A_namespace_folder_that_is_a_link_is_replaced_and_nothing_is_written_behind_it()
    {
        var elsewhere = folder.CreateFolder("elsewhere");
        folder.CreateFolder("out");
        Directory.CreateSymbolicLink(folder["out", "integrations"], elsewhere);
        await cluster.CreateAsync(Secret(acme, VismaNames.TokenSecretValue), Token);

        await folders.PublishAsync(Token);

        Assert.Empty(Directory.EnumerateFileSystemEntries(elsewhere));
        Assert.Equal("t1", File.ReadAllText(folder["out", "integrations", "acme-token", "access_token"]));
    }

    [Fact]
    public async Task A_file_that_was_deleted_is_back_at_the_next_look_a_second_later()
    {
        await cluster.CreateAsync(Secret(acme, VismaNames.TokenSecretValue), Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var looks = new SemaphoreSlim(0);
        cluster.Answered = _ => looks.Release(); // the cluster is listed at the beginning of each look
        var running = folders.RunAsync(stop.Token);
        await WaitForLookAsync(looks);
        await WaitForLookAsync(looks); // so the first one is done
        var file = folder["out", "integrations", "acme-token", "access_token"];

        File.Delete(file);
        await WaitForLookAsync(looks);
        await WaitForLookAsync(looks);

        Assert.Equal("t1", File.ReadAllText(file));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    // The clock is moved until the loop has begun to wait for it: moved before that, the second would be lost.
    private async Task WaitForLookAsync(SemaphoreSlim looks)
    {
        using var deadline = new CancellationTokenSource(patience);
        while (!await looks.WaitAsync(TimeSpan.FromMilliseconds(5), deadline.Token))
        {
            time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Secret Secret(NamespacedName name, string? label) =>
        new()
        {
            Metadata = new ObjectMeta
            {
                Name = name.Name,
                Namespace = name.Namespace,
                Labels = label is null ? null : new Dictionary<string, string> { [VismaNames.SecretLabel] = label },
            },
            Data = new Dictionary<string, SecretValue> { ["access_token"] = SecretValue.FromText("t1") },
        };
}
