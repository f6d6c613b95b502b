using Kubernetes.Client.Resources;
using Xunit;

namespace Kubernetes.Client.Contract;

/// <summary>Lists: pages and selectors.</summary>
public abstract class ListContract : ContractSuite
{
    [Fact]
    public async Task Pages_of_one_show_every_object_once_and_all_the_same_version()
    {
        foreach (var name in new[] { "b", "a", "c" })
        {
            await CreateAsync(WidgetNamed(name));
        }

        var pages = new List<ResourcePage<Widget>>();
        do
        {
            pages.Add(await Client.ListPageAsync<Widget>(Here, 1, pages.LastOrDefault()?.ContinueToken, Cancellation));
        }
        while (pages[^1].ContinueToken is not null);

        Assert.Equal(["a", "b", "c"], pages.Select(page => Assert.Single(page.Items).Metadata.Name));
        Assert.Single(pages.Select(page => page.ResourceVersion).Distinct());
    }

    [Fact]
    public async Task Pages_show_the_state_of_the_first_one()
    {
        await CreateAsync(WidgetNamed("a"));
        await CreateAsync(WidgetNamed("b"));
        var first = await Client.ListPageAsync<Widget>(Here, 1, null, Cancellation);
        await CreateAsync(WidgetNamed("c"));
        await DeleteAsync<Widget>("b");

        var second = await Client.ListPageAsync<Widget>(Here, 1, first.ContinueToken, Cancellation);

        Assert.Equal("b", Assert.Single(second.Items).Metadata.Name);
        Assert.Null(second.ContinueToken);
    }

    [Fact]
    public async Task A_continue_token_that_is_none_is_refused()
    {
        var refused = await RefusedAsync(() => Client.ListPageAsync<Widget>(Here, 1, "garbage", Cancellation));

        Assert.Equal(System.Net.HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Fact]
    public async Task An_empty_list_has_a_version_to_watch_from()
    {
        var page = await ListAsync<Widget>(Here);

        Assert.Empty(page.Items);
        Assert.NotEqual(string.Empty, page.ResourceVersion);
    }

    [Theory]
    [InlineData("tier=gold", "gold")]
    [InlineData("tier==gold", "gold")]
    [InlineData("tier!=gold", "bare,silver")]
    [InlineData("tier", "gold,silver")]
    [InlineData("!tier", "bare")]
    [InlineData("tier in (gold, silver),zone notin (north)", "silver")]
    [InlineData("tier notin (gold)", "bare,silver")]
    [InlineData("zone=north,tier=silver", "")]
    public async Task Labels_select(string selector, string expected)
    {
        await CreateLabelledAsync("gold", ("tier", "gold"), ("zone", "north"));
        await CreateLabelledAsync("silver", ("tier", "silver"), ("zone", "south"));
        await CreateLabelledAsync("bare");

        Assert.Equal(expected, string.Join(',', await NamesAsync<Widget>(Here with { LabelSelector = selector })));
    }

    [Fact]
    public async Task A_name_selects_one_object()
    {
        await CreateAsync(SecretNamed("one"));
        await CreateAsync(SecretNamed("two"));

        Assert.Equal(["one"], await NamesAsync<Secret>(Here with { FieldSelector = "metadata.name=one" }));
    }

    [Fact]
    public async Task A_type_selects_secrets()
    {
        await CreateAsync(SecretNamed("one") with { Type = "example.com/first" });
        await CreateAsync(SecretNamed("two") with { Type = "example.com/second" });

        Assert.Equal(["one"], await NamesAsync<Secret>(Here with { FieldSelector = "type=example.com/first" }));
    }

    [Fact]
    public async Task A_selector_that_is_none_is_refused()
    {
        var label = await RefusedAsync(() => ListAsync<Widget>(Here with { LabelSelector = "a in b" }));
        var field = await RefusedAsync(() => ListAsync<Widget>(Here with { FieldSelector = "spec.size=1" }));

        Assert.Equal(System.Net.HttpStatusCode.BadRequest, label.StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, field.StatusCode);
    }

    [Fact]
    public async Task Metadata_is_listed_without_content()
    {
        await CreateAsync(SecretNamed("one", ("key", "value")));

        Assert.Equal(["one"], await NamesAsync<SecretMetadata>(Here with { FieldSelector = "metadata.name=one" }));
    }

    private Task CreateLabelledAsync(string name, params (string Key, string Value)[] labels) =>
        CreateAsync(
            WidgetNamed(name) with
            {
                Metadata = new ObjectMeta
                {
                    Name = name,
                    Namespace = Namespace,
                    Labels = labels.ToDictionary(label => label.Key, label => label.Value),
                },
            }
        );
}
