using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Cli.Cluster;
using VismaOperator.Cli.Status;

namespace VismaOperator.Tests.Status;

/// <summary>What <c>status</c> tells a person to do next, and where.</summary>
public sealed class StatusWordsTests
{
    [Fact]
    public async Task Commands_that_are_named_find_the_same_cluster()
    {
        using var scene = new StatusScene([.. Situations.All.Select(situation => situation.Subject)]);
        var options = new StatusOptions { Source = new NamedSource("/home/me/my config", "prod") };
        const string Source = " --kubeconfig '/home/me/my config' --context prod";

        await scene.RunAsync(options);
        Assert.EndsWith($"What to do: visma-operator status NAMESPACE/NAME{Source}\n", scene.Error, StringComparison.Ordinal);

        foreach (var situation in Situations.All)
        {
            var kind = StatusView.KindOf(situation.Subject);
            await scene.RunAsync(options with { Name = situation.Subject.Metadata.Name, Kind = kind });
        }

        var commands = scene.Lines.Where(line =>
            line.Contains("visma-operator ", StringComparison.Ordinal) && !line.StartsWith("Why", StringComparison.Ordinal)
        );
        Assert.NotEmpty(commands);
        Assert.All(commands, line => Assert.Contains(Source, line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_request_that_nobody_answers_leads_to_the_question_whether_the_operator_runs()
    {
        var healthy = Situations.Healthy("acme");
        var asked = healthy with
        {
            Metadata = healthy.Metadata with
            {
                Annotations = new Dictionary<string, string>
                {
                    [VismaNames.RequestedAtAnnotation] = "now",
                    [VismaNames.ProbeRequestedAtAnnotation] = "now",
                },
            },
            Spec = healthy.Spec with { Probe = healthy.Spec.Probe with { Enabled = true } },
        };
        using var scene = new StatusScene(asked);

        await scene.RunAsync(new StatusOptions { Name = "acme" });

        Assert.Contains("Asked for  a refresh (requestedAt now), not attempted yet", scene.Output, StringComparison.Ordinal);
        Assert.Contains("Asked for  a probe (probeRequestedAt now), not made yet", scene.Output, StringComparison.Ordinal);
        Assert.Equal(2, scene.Output.Split("see that the operator runs; visma-operator doctor integrations/acme ").Length - 1);
    }

    [Fact]
    public async Task A_client_that_is_tried_again_by_itself_says_so_in_one_way()
    {
        var client = Situations.HealthyClient();
        using var scene = new StatusScene(
            client with
            {
                Status = client.Status with
                {
                    Conditions =
                    [
                        new Condition
                        {
                            Type = "Ready",
                            Status = "False",
                            Reason = "MetadataUnusable",
                            Message = "It cannot be had.",
                            LastTransitionTime = Situations.Now,
                        },
                    ],
                },
            }
        );

        await scene.RunAsync(new StatusOptions { Name = client.Metadata.Name, Kind = OAuthClient.ResourceKind });

        Assert.Contains("Next       it is tried again by itself.\n", scene.Output, StringComparison.Ordinal);
        Assert.Contains("To do      nothing: it is tried again by itself", scene.Output, StringComparison.Ordinal);
    }
}
