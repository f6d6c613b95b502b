using System.Text.Json.Nodes;
using Kubernetes.Client.Access;
using Kubernetes.Client.Contract;
using Kubernetes.Client.Resources;
using Kubernetes.Client.Tests.Access;
using Xunit;

namespace Kubernetes.Client.Tests.Http;

/// <summary>What is sent: paths, queries, bodies and headers.</summary>
public sealed class RequestTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_of_one_send_the_token_of_the_page_before()
    {
        await using var server = await ScriptedApiServer.StartAsync(
            (_, context) =>
                context.SendAsync(
                    context.Request.Query["continue"].ToString() switch
                    {
                        "" => Answers.List(7, "to/2=", Answers.Widget("a", 1)),
                        "to/2=" => Answers.List(7, "to/3=", Answers.Widget("b", 2)),
                        _ => Answers.List(7, null, Answers.Widget("c", 3)),
                    }
                )
        );
        using var test = new ClientUnderTest(server);

        var names = new List<string>();
        string? token = null;
        do
        {
            var page = await test.Client.ListPageAsync<Widget>(ResourceSelector.All, 1, token, Cancellation);
            names.AddRange(page.Items.Select(item => item.Metadata.Name));
            token = page.ContinueToken;
        }
        while (token is not null);

        Assert.Equal(["a", "b", "c"], names);
        Assert.All(server.Requests, request => Assert.Equal("1", request.Query["limit"]));
        Assert.Equal([null, "to/2=", "to/3="], server.Requests.Select(request => request.Query.GetValueOrDefault("continue")));
    }

    [Fact]
    public async Task A_page_that_expired_in_the_middle_says_so()
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.Request.Query.ContainsKey("continue")
            ? context.SendAsync(Answers.Status(410, "Expired", "The provided continue parameter is too old"), 410)
            : context.SendAsync(Answers.List(7, "next", Answers.Widget("a", 1))));
        using var test = new ClientUnderTest(server);
        var first = await test.Client.ListPageAsync<Widget>(ResourceSelector.All, 1, null, Cancellation);

        var refused = await Assert.ThrowsAsync<KubernetesException>(() =>
            test.Client.ListPageAsync<Widget>(ResourceSelector.All, 1, first.ContinueToken, Cancellation)
        );

        Assert.True(refused.IsExpired);
    }

    [Theory]
    [InlineData(null, "/apis/contract.visma-operator.io/v1/widgets")]
    [InlineData("home", "/apis/contract.visma-operator.io/v1/namespaces/home/widgets")]
    public async Task Selectors_reach_the_server_unchanged(string? inNamespace, string path)
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync(Answers.List(7, null)));
        using var test = new ClientUnderTest(server);

        await test.Client.ListPageAsync<Widget>(
            new ResourceSelector(inNamespace, "a in (b,c),!d", "metadata.name=one"),
            500,
            null,
            Cancellation
        );

        var request = Assert.Single(server.Requests);
        Assert.Equal(path, request.Path);
        Assert.Equal("a in (b,c),!d", request.Query["labelSelector"]);
        Assert.Equal("metadata.name=one", request.Query["fieldSelector"]);
    }

    [Fact]
    public async Task Each_operation_has_its_method_path_and_body()
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync(Answers.Widget("one", 1)));
        using var test = new ClientUnderTest(server);
        var patch = JsonNode.Parse("""{"a":null}""")!.AsObject();

        await test.Client.CreateAsync(Some.Widget("one"), Cancellation);
        await test.Client.ReplaceAsync(Some.Widget("one"), Cancellation);
        await test.Client.PatchAsync<Widget>(Some.Named("one"), patch, Cancellation);
        await test.Client.PatchStatusAsync<Widget>(Some.Named("one"), patch, Cancellation);
        await test.Client.DeleteAsync<Widget>(Some.Named("one"), new DeletePreconditions("u", "7"), Cancellation);

        const string Collection = "/apis/contract.visma-operator.io/v1/namespaces/home/widgets";
        Assert.Equal(
            [
                ("POST", Collection, "application/json"),
                ("PUT", $"{Collection}/one", "application/json"),
                ("PATCH", $"{Collection}/one", "application/merge-patch+json"),
                ("PATCH", $"{Collection}/one/status", "application/merge-patch+json"),
                ("DELETE", $"{Collection}/one", "application/json"),
            ],
            server.Requests.Select(request => (request.Method, request.Path, request.Headers.ContentType.ToString()))
        );
        Assert.Equal("""{"a":null}""", server.Requests.ElementAt(2).Body);
        Assert.Equal(
            """{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background","preconditions":{"uid":"u","resourceVersion":"7"}}""",
            server.Requests.Last().Body);
    }

    /// <summary>The second answer is that of a server, or a proxy before it, that leaves nothing out.</summary>
    [Theory]
    [InlineData("""{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"one","resourceVersion":"8"}}""")]
    [InlineData("""{"metadata":{"name":"one","resourceVersion":"8"},"spec":{"size":1},"status":{"phase":"Done"}}""")]
    public async Task Of_the_answer_to_a_status_that_is_known_only_the_version_is_read(string answer)
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync(answer));
        using var test = new ClientUnderTest(server);
        var wanted = Some.Widget("one") with { Status = new WidgetStatus { Phase = "Done" } };

        var written = await test.Client.PatchStatusAsync(wanted, """{"status":{"phase":"Done"}}"""u8.ToArray(), Cancellation);

        var request = Assert.Single(server.Requests);
        Assert.Equal(("PATCH", "/apis/contract.visma-operator.io/v1/namespaces/home/widgets/one/status"), (request.Method, request.Path));
        Assert.Equal("application/merge-patch+json", request.Headers.ContentType.ToString());
        Assert.Equal("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json", request.Headers.Accept.ToString());
        Assert.Equal("""{"status":{"phase":"Done"}}""", request.Body);
        Assert.Equal("8", written.Metadata.ResourceVersion);
        Assert.Equal(wanted, written with { Metadata = wanted.Metadata });
        Assert.Same(wanted.Status, written.Status);
    }

    [Fact]
    public async Task An_answer_to_a_status_that_names_no_version_is_no_answer()
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync("""{"metadata":{"name":"one"}}"""));
        using var test = new ClientUnderTest(server);

        var failed = await Assert.ThrowsAsync<HttpRequestException>(() =>
            test.Client.PatchStatusAsync(Some.Widget("one"), "{}"u8.ToArray(), Cancellation)
        );

        Assert.Equal(HttpRequestError.InvalidResponse, failed.HttpRequestError);
    }

    [Fact]
    public async Task Every_request_names_its_sender_and_carries_the_token()
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync(Answers.Widget("one", 1)));
        using var test = new ClientUnderTest(server);

        await test.Client.FindAsync<Widget>(Some.Named("one"), Cancellation);

        var request = Assert.Single(server.Requests);
        Assert.Equal("visma-operator", request.Headers.UserAgent.ToString());
        Assert.Equal("Bearer t0ken", request.Headers.Authorization.ToString());
        Assert.Equal("application/json", request.Headers.Accept.ToString());
    }

    [Fact]
    public async Task Metadata_is_all_that_is_asked_for_where_metadata_is_enough()
    {
        const string Metadata =
            """{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"one","namespace":"home","resourceVersion":"1"}}""";
        await using var server = await ScriptedApiServer.StartAsync(
            (_, context) =>
                context.SendAsync(
                    context.Request.Query.ContainsKey("limit") ? Answers.List(7, null, Metadata)
                    : context.Request.Query.ContainsKey("watch") ? Answers.Event("ADDED", Metadata)
                    : Metadata
                )
        );
        using var test = new ClientUnderTest(server);

        await test.Client.FindAsync<SecretMetadata>(Some.Named("one"), Cancellation);
        await test.Client.ListPageAsync<SecretMetadata>(ResourceSelector.All, 500, null, Cancellation);
        await using var watch = new WatchLog<SecretMetadata>(
            test.Client.WatchAsync<SecretMetadata>(ResourceSelector.All, "7", Cancellation)
        );
        Assert.Equal("one", (await watch.NextAppliedAsync()).Metadata.Name);

        Assert.Equal(
            [
                "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
                "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
                "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
            ],
            server.Requests.Select(request => request.Headers.Accept.ToString())
        );
    }

    [Fact]
    public async Task A_request_without_name_or_namespace_is_never_sent()
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync("{}"));
        using var test = new ClientUnderTest(server);

        await Assert.ThrowsAsync<ArgumentException>(() =>
            test.Client.DeleteAsync<Widget>(new NamespacedName("home", string.Empty), null, Cancellation)
        );
        await Assert.ThrowsAsync<ArgumentException>(() =>
            test.Client.DeleteAsync<Widget>(NamespacedName.ClusterScoped("one"), null, Cancellation)
        );
        await Assert.ThrowsAsync<ArgumentException>(() =>
            test.Client.FindAsync<Namespace>(new NamespacedName("home", "one"), Cancellation)
        );

        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Impersonation_sends_one_header_for_each_group(bool tls)
    {
        using var certificates = new TestCertificates();
        await using var server = await ScriptedApiServer.StartAsync(
            (_, context) => context.SendAsync(Answers.Widget("one", 1)),
            new ScriptedTls(tls ? certificates.Server : null)
        );
        var jane = new Impersonation("jürgen")
        {
            Uid = "u-1",
            Groups = ["a", "b, c", "ä"],
            Extra = [new("Example.com/Team%1", ["x", "y"])],
        };
        using var test = new ClientUnderTest(
            ClientUnderTest.To(server) with
            {
                Impersonation = jane,
                Authorities = [certificates.Authority],
            }
        );

        await test.Client.FindAsync<Widget>(Some.Named("one"), Cancellation);

        var headers = Assert.Single(server.Requests).Headers;
        Assert.Equal("jürgen", headers["Impersonate-User"].ToString());
        Assert.Equal("u-1", headers["Impersonate-Uid"].ToString());
        Assert.Equal(["a", "b, c", "ä"], headers["Impersonate-Group"].AsEnumerable());
        Assert.Equal(["x", "y"], headers["Impersonate-Extra-Example.com%2FTeam%251"].AsEnumerable());
    }

    [Fact]
    public async Task The_path_of_the_servers_address_is_kept()
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync(Answers.Widget("one", 1)));
        using var folder = new TemporaryFolder();
        var access = ClusterAccess.Load(folder.Write("config", $$"""
            {apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: k} }],
             clusters: [{name: k, cluster: {server: "{{server.Address}}k8s/clusters/c-m-abc123"} }] }
            """));
        using var test = new ClientUnderTest(access);

        await test.Client.FindAsync<Widget>(Some.Named("one"), Cancellation);

        Assert.StartsWith("/k8s/clusters/c-m-abc123/apis/", Assert.Single(server.Requests).Path, StringComparison.Ordinal);
    }
}
