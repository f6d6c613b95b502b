using System.Net;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Api;
using VismaOperator.Cli;
using VismaOperator.Cli.Cluster;
using VismaOperator.Cli.Status;

namespace VismaOperator.Tests.Status;

/// <summary>What a person or a script gets from <c>status</c>.</summary>
public sealed class StatusTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_broken_ones_come_first_then_what_ends_soon_then_names()
    {
        using var scene = new StatusScene([.. Situations.All.Select(one => one.Subject)]);

        await scene.RunAsync(new StatusOptions());

        var states = scene.Lines.Skip(1).Select(line => Enum.Parse<StatusState>(Columns(line)[1])).ToList();
        Assert.Equal(states.Order(), states);
        var warnings = scene.Lines.Where(line => Columns(line)[1] == "Warning").Select(line => Columns(line)[0]);
        Assert.Equal(
            ["oac/ending", "vc/consent-ends", "vc/copied", "vc/customer-tenant", "vc/leaving", "vc/scope-missing", "vc/short"],
            warnings
        );
        var failing = scene.Lines.Where(line => Columns(line)[1] == "Failing").Select(line => Columns(line)[0]);
        Assert.Equal(["vc/overdue", "vc/outage-dead", "vc/outage"], failing);
        Assert.Equal("18 of 30 broken. What to do: visma-operator status NAMESPACE/NAME\n", scene.Error);
    }

    [Theory]
    [InlineData("All is well", 0)]
    [InlineData("Suspended", 0)]
    [InlineData("A consent ends soon", 0)]
    [InlineData("A scope was not granted", 0)]
    [InlineData("A client secret expires soon", 0)]
    [InlineData("It is being deleted", 0)]
    [InlineData("A refresh was asked for, and waits for its turn", 0)]
    [InlineData("The provider is down, the token is valid", 1)]
    [InlineData("The provider is down, and the token has expired", 1)]
    [InlineData("The company has not approved the application", 1)]
    [InlineData("Every client secret was refused, the token is valid", 1)]
    [InlineData("The client of which every secret was refused", 1)]
    [InlineData("Nobody has consented yet", 1)]
    [InlineData("The operator does not run, and the token has expired", 1)]
    [InlineData("The renewal is overdue", 1)]
    [InlineData("The operator has not looked at it", 1)]
    [InlineData("The spec was changed, and the operator has not looked since", 1)]
    [InlineData("A set of which all connections are Ready", 0)]
    [InlineData("A set whose removals are held", 1)]
    [InlineData("A set of which single connections need a person", 1)]
    public async Task The_exit_code_is_1_when_something_is_broken(string title, int code)
    {
        var situation = Situations.All.Single(one => one.Title == title);
        using var list = new StatusScene(situation.Subject, Situations.Healthy("another"));
        using var detail = new StatusScene(situation.Subject);
        var kind = StatusView.KindOf(situation.Subject);

        Assert.Equal(code, await list.RunAsync(new StatusOptions()));
        Assert.Equal(code, await detail.RunAsync(new StatusOptions { Name = situation.Subject.Metadata.Name, Kind = kind }));
    }

    [Theory]
    [InlineData("The operator stopped during an outage", "Failing", "AttemptOverdue")]
    [InlineData("The operator stopped, and the company had not approved the application", "Stalled", "AttemptOverdue")]
    [InlineData("The operator stopped while a client was refused", "Stalled", "AttemptOverdue")]
    [InlineData("The operator stopped, and the spec of a stalled connection was changed", "NotReady", "NotObserved")]
    public async Task An_operator_that_stopped_is_told_whatever_was_wrong_before(string title, string state, string reason)
    {
        var situation = Situations.All.Single(one => one.Title == title);
        using var scene = new StatusScene(situation.Subject);
        var kind = StatusView.KindOf(situation.Subject);

        Assert.Equal(1, await scene.RunAsync(new StatusOptions { Name = situation.Subject.Metadata.Name, Kind = kind }));

        Assert.Contains($"State      {state}", scene.Output, StringComparison.Ordinal);
        Assert.Contains($"Why        {reason}: ", scene.Output, StringComparison.Ordinal);
        Assert.Contains("To do      see that the operator runs and serves this namespace", scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_objects_are_told_and_are_not_broken()
    {
        using var scene = new StatusScene();

        Assert.Equal(0, await scene.RunAsync(new StatusOptions()));
        Assert.Equal(
            "There is no VismaConnection, no OAuthClient and no VismaConnectionSet in namespace integrations. See what there is elsewhere: "
                + "visma-operator status -A\n",
            scene.Error
        );
        Assert.Empty(scene.Output);
    }

    [Fact]
    public async Task One_namespace_is_listed_and_all_of_them_where_that_is_asked_for()
    {
        using var scene = new StatusScene(Situations.Healthy("here"), Situations.Healthy("there", "elsewhere"));

        await scene.RunAsync(new StatusOptions());
        Assert.DoesNotContain("there", scene.Output, StringComparison.Ordinal);
        await scene.RunAsync(new StatusOptions { Range = NamespaceRange.All });

        Assert.Contains(scene.Lines, line => Columns(line) is ["elsewhere", "vc/there", "Ready", ..]);
    }

    [Fact]
    public async Task What_may_not_be_listed_is_named_with_namespace_and_remedy_and_the_rest_is_shown()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"));
        Forbid(scene.Cluster, OAuthClient.ResourceKind);

        Assert.Equal(2, await scene.RunAsync(new StatusOptions()));
        Assert.Contains("vc/acme", scene.Output, StringComparison.Ordinal);
        Assert.Equal(
            "visma-operator: You may not list oauthclients.visma-operator.io in namespace integrations. Have a Role with the verb list "
                + "bound to your account.\n",
            scene.Error
        );
    }

    [Fact]
    public async Task Something_broken_is_told_by_the_exit_code_also_where_not_everything_could_be_read()
    {
        using var scene = new StatusScene(Situations.Stalled("acme"));
        Forbid(scene.Cluster, OAuthClient.ResourceKind);

        Assert.Equal(1, await scene.RunAsync(new StatusOptions()));
    }

    [Fact]
    public async Task All_namespaces_that_may_not_be_listed_lead_to_the_option_for_one()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"));
        Forbid(scene.Cluster, OAuthClient.ResourceKind);
        Forbid(scene.Cluster, VismaConnection.ResourceKind);

        await Assert.ThrowsAsync<StatusException>(() => scene.RunAsync(new StatusOptions { Range = NamespaceRange.All }));
        Assert.Contains(
            "You may not list vismaconnections.visma-operator.io in all namespaces. Name one namespace with -n",
            scene.Error,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.Forbidden)]
    public async Task Sets_that_cannot_be_read_are_missed_only_where_a_connection_is_of_one(HttpStatusCode answer)
    {
        var connection = Situations.Healthy("acme");
        using var without = new StatusScene(connection);
        var labels = new Dictionary<string, string> { [VismaNames.SetLabel] = "customers" };
        using var with = new StatusScene(connection with { Metadata = connection.Metadata with { Labels = labels } });
        foreach (var scene in (StatusScene[])[without, with])
        {
            scene.Cluster.Before = (verb, kind, _) =>
                verb == ClusterVerb.List && kind == VismaConnectionSet.ResourceKind
                    ? throw new KubernetesException(answer, answer.ToString(), "no")
                    : Task.CompletedTask;
        }

        Assert.Equal((0, 2), (await without.RunAsync(new StatusOptions()), await with.RunAsync(new StatusOptions())));
        Assert.Empty(without.Error);
        Assert.Contains("vismaconnectionsets.visma-operator.io", with.Error, StringComparison.Ordinal);
        Assert.Contains("vc/acme", with.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.GatewayTimeout)]
    [InlineData(null)]
    public async Task Sets_that_the_API_server_fails_to_list_are_missed_in_any_case(HttpStatusCode? answer)
    {
        using var scene = new StatusScene(Situations.Healthy("acme"));
        scene.Cluster.Before = (verb, kind, _) =>
            verb != ClusterVerb.List || kind != VismaConnectionSet.ResourceKind ? Task.CompletedTask
            : answer is { } code ? throw new KubernetesException(code, code.ToString(), "no")
            : throw new HttpRequestException("connection refused");

        Assert.Equal(2, await scene.RunAsync(new StatusOptions()));
        Assert.NotEmpty(scene.Error);
        Assert.Contains("vc/acme", scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_set_is_found_by_its_name_alone_and_by_its_kind()
    {
        var set = Situations.All.Single(one => one.Title == "A set whose removals are held").Subject;
        using var named = new StatusScene(set);
        using var ofKind = new StatusScene(set, Situations.Healthy("customers"));

        await named.RunAsync(new StatusOptions { Name = "customers" });
        await ofKind.RunAsync(new StatusOptions { Name = "customers", Kind = VismaConnectionSet.ResourceKind });

        Assert.StartsWith("VismaConnectionSet integrations/customers\n", named.Output, StringComparison.Ordinal);
        Assert.Equal(named.Output, ofKind.Output);
        Assert.Contains(
            "kubectl annotate vcs customers -n integrations --overwrite visma-operator.io/confirmRemovals=40",
            named.Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_client_that_may_not_be_read_is_told_beside_its_connection()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"));
        Forbid(scene.Cluster, OAuthClient.ResourceKind);

        Assert.Equal(0, await scene.RunAsync(new StatusOptions { Name = "acme" }));
        Assert.Contains("Client     integrations/acme: You may not get oauthclients", scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_nobody_has_is_told_with_the_way_to_see_all()
    {
        using var scene = new StatusScene();

        var failure = await Assert.ThrowsAsync<StatusException>(() => scene.RunAsync(new StatusOptions { Name = "acme" }));

        Assert.Equal(
            "There is no VismaConnection, no OAuthClient and no VismaConnectionSet acme in namespace integrations. See what there is: "
                + "visma-operator status -A",
            failure.Message
        );
    }

    [Fact]
    public async Task A_name_is_that_of_a_connection_before_it_is_that_of_a_client()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"), Situations.HealthyClient());

        await scene.RunAsync(new StatusOptions { Name = "acme" });
        await scene.RunAsync(new StatusOptions { Name = "acme", Kind = OAuthClient.ResourceKind });

        Assert.StartsWith("VismaConnection integrations/acme\n", scene.Output, StringComparison.Ordinal);
        Assert.Contains("OAuthClient integrations/acme\n", scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_are_those_that_kubectl_takes()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"), Situations.HealthyClient(), Situations.Stalled("broken"));

        await scene.RunAsync(new StatusOptions { Output = StatusOutput.Name });

        Assert.Equal(
            ["vismaconnection.visma-operator.io/broken", "oauthclient.visma-operator.io/acme", "vismaconnection.visma-operator.io/acme"],
            scene.Lines
        );
    }

    [Fact]
    public async Task Json_of_a_list_has_items_and_json_of_one_object_is_that_item()
    {
        using var list = new StatusScene(Situations.Stalled("acme"));
        using var one = new StatusScene(Situations.Stalled("acme"));

        await list.RunAsync(new StatusOptions { Output = StatusOutput.Json });
        await one.RunAsync(new StatusOptions { Output = StatusOutput.Json, Name = "acme" });

        var item = Assert.Single(JsonNode.Parse(list.Output)!["items"]!.AsArray())!;
        Assert.True(JsonNode.DeepEquals(item, JsonNode.Parse(one.Output)));
        Assert.Equal(
            ("VismaConnection", "Stalled", true, "TenantRefused"),
            ((string)item["kind"]!, (string)item["state"]!, (bool)item["broken"]!, (string)item["reason"]!)
        );
    }

    [Fact]
    public async Task Yaml_says_the_same_as_json_whatever_the_text()
    {
        var connection = Situations.Healthy("acme");
        const string Hostile = "no: 1e3 # \"x\" 'y'\n- \\n \t\u001b[31m \u202e \u2066 \u200f \U000e0041 ø \U0001f600";
        IResource hostile = connection with { Spec = connection.Spec with { DisplayName = Hostile } };
        using var json = new StatusScene(hostile);
        using var yaml = new StatusScene(hostile);

        await json.RunAsync(new StatusOptions { Output = StatusOutput.Json });
        await yaml.RunAsync(new StatusOptions { Output = StatusOutput.Yaml });

        Assert.All(
            ["\u001b", "\u202e", "\u2066", "\u200f", "\U000e0041"],
            mark => Assert.DoesNotContain(mark, yaml.Output, StringComparison.Ordinal)
        );
        var read = new YamlDotNet.Serialization.DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(yaml.Output);
        var item = (Dictionary<object, object>)((List<object>)read["items"])[0];
        var expected = JsonNode.Parse(json.Output)!["items"]![0]!.AsObject();
        Assert.Equal(expected.Select(pair => pair.Key), item.Keys.Cast<string>());
        Assert.Equal((string)expected["displayName"]!, item["displayName"]);
    }

    [Fact]
    public async Task The_link_that_starts_a_consent_is_in_no_output()
    {
        var outputs = Enum.GetValues<StatusOutput>();
        foreach (var output in outputs)
        {
            using var scene = new StatusScene([.. Situations.All.Select(one => one.Subject)]);
            await scene.RunAsync(new StatusOptions { Output = output });
            await scene.RunAsync(new StatusOptions { Output = output, Name = "awaiting" });

            Assert.DoesNotContain("unguessable-start-link", scene.Output + scene.Error, StringComparison.Ordinal);
        }

        Assert.Equal(5, outputs.Length);
    }

    [Theory]
    [InlineData("\u001b]0;owned\u0007")]
    [InlineData("\u009b31m")]
    [InlineData("a\r\nvc/forged   Ready")]
    [InlineData("\u202egnp.exe")]
    [InlineData("a\u2028b")]
    [InlineData("\u200b\ufeff\u2066")]
    public async Task Text_of_others_cannot_command_the_terminal(string hostile)
    {
        var connection = Situations.Stalled("acme");
        var subject = connection with
        {
            Spec = connection.Spec with { DisplayName = hostile, TenantId = hostile },
            Status = connection.Status with
            {
                SecretName = hostile,
                Conditions = [.. connection.Status.Conditions.Select(one => one with { Message = hostile, Reason = "R" + hostile })],
                Authorization = new AuthorizationStatus { GrantedBy = hostile },
            },
        };
        using var scene = new StatusScene(subject);

        foreach (var output in new[] { StatusOutput.Text, StatusOutput.Wide })
        {
            await scene.RunAsync(new StatusOptions { Output = output });
            await scene.RunAsync(new StatusOptions { Output = output, Name = "acme" });
        }

        Assert.DoesNotContain(scene.Output, character => IsCommand(character) && character != '\n');
        Assert.DoesNotContain(scene.Lines, line => line.StartsWith("vc/forged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Colours_are_those_of_the_states_and_change_no_width()
    {
        using var plain = new StatusScene([.. Situations.All.Select(one => one.Subject)]);
        using var coloured = new StatusScene([.. Situations.All.Select(one => one.Subject)]) { IsColoured = true };

        await plain.RunAsync(new StatusOptions());
        await coloured.RunAsync(new StatusOptions());

        Assert.Contains("\u001b[31mStalled\u001b[0m", coloured.Output, StringComparison.Ordinal);
        Assert.Contains("\u001b[33mWarning\u001b[0m", coloured.Output, StringComparison.Ordinal);
        Assert.Contains("\u001b[32mReady\u001b[0m", coloured.Output, StringComparison.Ordinal);
        Assert.Equal(plain.Output, System.Text.RegularExpressions.Regex.Replace(coloured.Output, "\u001b\\[[0-9]+m", string.Empty));
    }

    [Fact]
    public async Task What_ends_within_a_time_is_listed_alone_and_is_worth_an_exit_code()
    {
        using var scene = new StatusScene([.. Situations.All.Select(one => one.Subject)]);

        Assert.Equal(1, await scene.RunAsync(new StatusOptions { ExpiringWithin = TimeSpan.FromDays(7) }));

        Assert.Contains(scene.Lines, line => line.StartsWith("oac/ending", StringComparison.Ordinal));
        Assert.DoesNotContain(scene.Lines, line => line.StartsWith("vc/consent-ends", StringComparison.Ordinal));
        Assert.DoesNotContain(scene.Lines, line => Columns(line)[1] == "Ready");

        using var fine = new StatusScene(Situations.Healthy("acme"));
        Assert.Equal(0, await fine.RunAsync(new StatusOptions { ExpiringWithin = TimeSpan.FromDays(7) }));
        Assert.Equal("Nothing ends within this time.\n", fine.Error);
    }

    [Fact]
    public async Task What_the_server_says_cannot_command_the_terminal()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"));
        scene.Cluster.Before = (_, kind, _) =>
            kind == OAuthClient.ResourceKind
                ? throw new KubernetesException(HttpStatusCode.BadRequest, "BadRequest", "no\u001b[2J\u202e")
                : Task.CompletedTask;

        Assert.Equal(2, await scene.RunAsync(new StatusOptions()));

        Assert.Contains("says: ", scene.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(scene.Error, character => IsCommand(character) && character != '\n');
    }

    [Fact]
    public async Task A_look_that_was_stopped_is_not_something_broken()
    {
        using var error = new LiveText();
        var process = new CommandContext(_ => null, TextWriter.Null, error, TimeProvider.System);
        using var folder = new TemporaryFolder();
        var kubeconfig = folder["kubeconfig"];
        await File.WriteAllTextAsync(
            kubeconfig,
            """
            apiVersion: v1
            kind: Config
            current-context: here
            contexts: [{name: here, context: {cluster: here, user: here}}]
            clusters: [{name: here, cluster: {server: "http://127.0.0.1:1"}}]
            users: [{name: here, user: {token: some}}]
            """,
            Ct
        );

        var options = new StatusOptions { Source = new NamedSource(kubeconfig) };
        var code = await Verbs.Of(process).Status(options, new CancellationToken(canceled: true));

        Assert.Equal((2, "visma-operator: stopped\n"), (code, error.Text));
    }

    private static void Forbid(FaultyCluster cluster, ResourceKind kind)
    {
        var before = cluster.Before;
        cluster.Before = async (verb, asked, name) =>
        {
            await (before?.Invoke(verb, asked, name) ?? Task.CompletedTask);
            if (asked == kind)
            {
                throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no");
            }
        };
    }

    private static bool IsCommand(char character) =>
        char.GetUnicodeCategory(character)
            is System.Globalization.UnicodeCategory.Control
                or System.Globalization.UnicodeCategory.Format
                or System.Globalization.UnicodeCategory.LineSeparator
                or System.Globalization.UnicodeCategory.ParagraphSeparator;

    private static string[] Columns(string line) =>
        line.Split("   ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
