using System.Text;
using System.Text.Json;
using Kubernetes.Client;
using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Api;
using VismaOperator.Cli.Status;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Status;

/// <summary><c>status</c> over a cluster in memory, at a time that stands still.</summary>
internal sealed class StatusScene : IDisposable
{
    private readonly LiveText output = new();
    private readonly LiveText error = new();
    private readonly SemaphoreSlim watchesOpened = new(0);

    public StatusScene(params IReadOnlyList<IResource> resources)
    {
        Cluster = new FaultyCluster(Time)
        {
            Answered = request => _ = request.Verb == ClusterVerb.Watch ? watchesOpened.Release() : 0,
        };
        Fill(Cluster, resources);
    }

    /// <summary>Puts objects into a cluster as they are, with their status.</summary>
    public static void Fill(FaultyCluster cluster, IReadOnlyList<IResource> resources)
    {
        var version = 0;
        foreach (var resource in resources)
        {
            var json = resource switch
            {
                VismaConnection connection => JsonSerializer.SerializeToNode(connection, VismaConnection.JsonTypeInfo),
                OAuthClient client => JsonSerializer.SerializeToNode(client, OAuthClient.JsonTypeInfo),
                VismaConnectionSet set => JsonSerializer.SerializeToNode(set, VismaConnectionSet.JsonTypeInfo),
                _ => throw new InvalidOperationException(),
            };
            json!["metadata"]!["resourceVersion"] = $"{++version}";
            json["metadata"]!["uid"] = $"uid-{version}";
            cluster.Restore(StatusView.KindOf(resource), json.AsObject());
        }
    }

    public FakeTimeProvider Time { get; } = new(Situations.Now);

    public FaultyCluster Cluster { get; }

    /// <summary>Size of the terminal; null for a pipe.</summary>
    public (int Columns, int Rows)? Terminal { get; init; }

    public bool IsColoured { get; init; }

    public StatusScreen Screen =>
        new(output, error, Time, "visma-operator") { Size = Terminal is { } size ? () => size : null, IsColoured = IsColoured };

    public string Output => output.Text;

    public string Error => error.Text;

    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public Task<int> RunAsync(StatusOptions options, CancellationToken? stop = null)
    {
        var isAll = options.Range == NamespaceRange.All;
        var place = options.Namespace ?? (isAll ? null : Some.Namespace);
        var source = new ClusterStatusSource(
            Cluster,
            "https://cluster.example.com/",
            new ResourceSelector(place, FieldSelector: options.Name is { } name ? $"metadata.name={name}" : null),
            Time,
            NullLogger.Instance
        );
        return new StatusRun(options with { Namespace = place }, source, Screen).RunAsync(stop ?? TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        output.Dispose();
        error.Dispose();
        watchesOpened.Dispose();
    }

    /// <summary>Waits until so many watches are open. A change before that would be part of their lists.</summary>
    public async Task UntilWatchedAsync(int watches)
    {
        for (var opened = 0; opened < watches; opened++)
        {
            Assert.True(await watchesOpened.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        }
    }

    /// <summary>Waits until this was printed.</summary>
    public Task UntilAsync(string text) => output.UntilAsync(text, TestContext.Current.CancellationToken);
}

/// <summary>Text that is read while somebody writes it.</summary>
internal sealed class LiveText : TextWriter
{
    private readonly Lock gate = new();
    private readonly StringBuilder text = new();
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override Encoding Encoding => Encoding.UTF8;

    public string Text
    {
        get
        {
            lock (gate)
            {
                return text.ToString();
            }
        }
    }

    public override void Write(char value)
    {
        lock (gate)
        {
            text.Append(value);
            changed.TrySetResult();
            changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public async Task UntilAsync(string part, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task change;
            lock (gate)
            {
                if (text.ToString().Contains(part, StringComparison.Ordinal))
                {
                    return;
                }

                change = changed.Task;
            }

            await change.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
        }
    }
}
