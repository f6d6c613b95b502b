using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Kubernetes.Client.Contract;
using Kubernetes.Client.Resources;
using Xunit;

namespace Kubernetes.Client.Tests.Http;

/// <summary>How a page of a list is read.</summary>
public sealed partial class ListTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_item_is_an_object_before_the_next_one_has_arrived()
    {
        await using var server = await ScriptedApiServer.StartAsync(async (_, context) =>
        {
            await context.FlushAsync("""{"kind":"ParcelList","items":[{"metadata":{"name":"a"}}""");
            await Parcel.FirstWasRead.Task;
            await context.FlushAsync(""",{"metadata":{"name":"b"}}],"metadata":{"resourceVersion":"7","continue":""}}""");
        });
        using var test = new ClientUnderTest(server);

        var page = await test.Client.ListPageAsync<Parcel>(ResourceSelector.All, 500, null, Cancellation)
            .WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Cancellation);

        Assert.Equal(["a", "b"], page.Items.Select(item => item.Metadata.Name));
        Assert.Equal(("7", null), (page.ResourceVersion, page.ContinueToken));
    }

    [Fact]
    public async Task A_list_is_the_same_wherever_it_is_cut_on_its_way()
    {
        var large = new string('ø', 40_000); // one string that is larger than a buffer
        var body = $$$$"""
            {"kind":"WidgetList","unknown":{"a":[1,{"b":null}]},"metadata":{"continue":"next","resourceVersion":"7","more":[{}]},
             "items":[ {{{{Answers.Widget("a", 1)}}}} , {"metadata":{"name":"{{{{large}}}}","managedFields":[{"f":{"}":"]"}}]},"spec":{}}
             , {{{{Answers.Widget("c", 3)}}}} ], "more": [ ] }

            """;
        await using var server = await ScriptedApiServer.StartAsync(async (_, context) =>
        {
            var size = int.Parse(context.Request.Query["limit"].ToString(), System.Globalization.CultureInfo.InvariantCulture);
            foreach (var part in body.Chunk(size))
            {
                await context.FlushAsync(new string(part));
            }
        });
        using var test = new ClientUnderTest(server);

        foreach (var size in (int[])[7, 500, 16_384, 100_000])
        {
            var page = await test.Client.ListPageAsync<Widget>(ResourceSelector.All, size, null, Cancellation);

            Assert.Equal(["a", large, "c"], page.Items.Select(item => item.Metadata.Name));
            Assert.Equal(("7", "next"), (page.ResourceVersion, page.ContinueToken));
        }
    }

    [Fact]
    public async Task A_list_may_have_no_items()
    {
        await using var server = await ScriptedApiServer.StartAsync(
            (_, context) => context.SendAsync("""{"metadata":{"resourceVersion":"1"},"items":null}""")
        );
        using var test = new ClientUnderTest(server);

        Assert.Empty((await test.Client.ListPageAsync<Widget>(ResourceSelector.All, 1, null, Cancellation)).Items);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"kind":"Widget","metadata":{"name":"a","resourceVersion":"1"},"spec":{}}""")]
    [InlineData("""{"metadata":{"resourceVersion":"1"},"items":{}}""")]
    [InlineData("""{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"a"}}""")]
    [InlineData("""{"metadata":{"resourceVersion":"1"},"items":[]""")]
    public async Task An_incomplete_list_is_an_error_of_the_connection(string body)
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync(body));
        using var test = new ClientUnderTest(server);

        var failed = await Assert.ThrowsAsync<HttpRequestException>(() =>
            test.Client.ListPageAsync<Widget>(ResourceSelector.All, 1, null, Cancellation)
        );

        Assert.Equal(HttpRequestError.InvalidResponse, failed.HttpRequestError);
    }

    [Fact]
    public async Task A_list_without_end_is_not_read_for_ever()
    {
        await using var server = await ScriptedApiServer.StartAsync(async (_, context) =>
        {
            await context.FlushAsync("""{"items":[""");
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.FlushAsync(Answers.Widget("a", 1) + ",");
            }
        });
        using var test = new ClientUnderTest(server);

        var failed = await Assert.ThrowsAsync<HttpRequestException>(() =>
            test.Client.ListPageAsync<Widget>(ResourceSelector.All, 1, null, Cancellation)
        );

        Assert.Equal(HttpRequestError.ConfigurationLimitExceeded, failed.HttpRequestError);
    }

    /// <summary>A kind of which it shows when one is read.</summary>
    private sealed record Parcel : IResource<Parcel>, IJsonOnDeserialized
    {
        public static TaskCompletionSource FirstWasRead { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static ResourceKind ResourceKind { get; } = new("contract.visma-operator.io", "v1", "Parcel", "parcels", IsNamespaced: true);

        public static JsonTypeInfo<Parcel> JsonTypeInfo => ParcelJsonContext.Default.Parcel;

        public ObjectMeta Metadata { get; init; } = new();

        public Parcel WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };

        public void OnDeserialized() => FirstWasRead.TrySetResult();
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(TimeConverter)])]
    [JsonSerializable(typeof(Parcel))]
    private sealed partial class ParcelJsonContext : JsonSerializerContext;
}
