using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Kubernetes.InMemory;
using Microsoft.Extensions.Logging.Abstractions;
using VismaOperator.Clients;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Clients;

public sealed class CredentialReaderTests
{
    [Fact]
    public async Task A_caller_can_wait_until_the_secrets_of_a_client_are_known()
    {
        var cluster = new InMemoryCluster(TimeProvider.System);
        await cluster.CreateAsync(Some.Credentials(), TestContext.Current.CancellationToken);
        var secrets = new WatchSet<Secret>(cluster, TimeProvider.System, NullLogger.Instance, () => 0);
        var client = Some.OAuthClient("https://connect.example.com");
        secrets.Follow(CredentialReader.ReferencesOf(client).ToHashSet());
        var reader = new CredentialReader(secrets, new CredentialRevisions());

        var waiting = reader.WhenReadyAsync(client, TestContext.Current.CancellationToken);
        var mustWait = !waiting.IsCompleted;
        using var stop = new CancellationTokenSource();
        var running = secrets.RunAsync(stop.Token);
        await waiting.WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);

        Assert.True(mustWait);
        Assert.True(reader.IsReady(client));
        await stop.CancelAsync();
        await running;
    }
}
