using System.Globalization;
using VismaOperator.Api;
using VismaOperator.Sets;

namespace VismaOperator.Tests.Sets;

/// <summary>The list of tenants in a ConfigMap: read as a whole or not at all, and never repeated in a message.</summary>
public sealed class TenantListTextTests
{
    private const string A = "00000000-0000-4000-8000-00000000000a";
    private const string B = "00000000-0000-4000-8000-00000000000B";

    [Theory]
    [InlineData($"- name: a\n  tenantID: {A}\n- name: b\n  tenantID: {B}\n")]
    [InlineData($"- {{tenantID: {A}, name: a}}\n- {{tenantID: '{B}', name: \"b\"}}")]
    [InlineData($"---\r\n- name: a\r\n  tenantID: {A}\r\n- name: b\r\n  tenantID: {B}\r\n")]
    [InlineData($"[{{name: a, tenantID: {A}}}, {{name: b, tenantID: {B}}}]")]
    [InlineData($"\t[{{\"name\": \"a\",\t\"tenantID\": \"{A}\"}},\n\t{{\"name\": \"\\u0062\", \"tenantID\": \"{B}\"}}]")]
    public void Yaml_and_json_say_the_same(string text)
    {
        var (tenants, fault) = TenantListText.Read(text, TestContext.Current.CancellationToken);

        Assert.Null(fault);
        Assert.Equal([new SetTenant { Name = "a", TenantId = A }, new SetTenant { Name = "b", TenantId = B }], tenants);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n")]
    [InlineData("[]")]
    [InlineData("# nobody\n")]
    [InlineData("null")]
    public void An_empty_text_is_an_empty_list(string text)
    {
        var (tenants, fault) = TenantListText.Read(text, TestContext.Current.CancellationToken);

        Assert.Null(fault);
        Assert.Empty(tenants);
    }

    [Theory]
    [InlineData("name: secret-word", "is not a list")]
    [InlineData("secret-word", "is not a list")]
    [InlineData("- secret-word", "not made of name and tenantID, two texts (line 1)")]
    [InlineData("- name: a\n  tenantID: secret-word", "cannot be used (line 1): the tenant id must be a GUID")]
    [InlineData($"- name: a\n  tenantID: {A}\n- name: Secret-Word\n  tenantID: {A}", "cannot be used (line 3): the name of a tenant")]
    [InlineData($"- name: a\n  tenantID: {A}\n  secret-word: x", "not made of name and tenantID, two texts (line 1)")]
    [InlineData($"- name: [secret-word]\n  tenantID: {A}", "two texts (line 1)")]
    [InlineData($"- name: a\n  tenantID: {A}\n- name: a\n  tenantID: {B}", "one name twice (line 1 and line 3)")]
    [InlineData("- name: 'secret-word\n", "neither YAML nor JSON (line ")]
    [InlineData("- *secret-word", "can be read (line 1)")]
    [InlineData("[{\"name\": 1, \"tenantID\": \"secret-word\"}]", "two texts (entry 1)")]
    [InlineData("[1]", "two texts (entry 1)")]
    [InlineData("[]\n---\n[]", "more than one document")]
    public void What_cannot_be_used_is_told_with_its_place_and_without_its_words(string text, string says)
    {
        var (tenants, fault) = TenantListText.Read(text, TestContext.Current.CancellationToken);

        Assert.Empty(tenants);
        Assert.Contains(says, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", fault, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_thousand_tenants_are_taken_and_one_more_is_not()
    {
        var ct = TestContext.Current.CancellationToken;

        Assert.Equal(1000, TenantListText.Read(List(1000), ct).Tenants.Count);
        Assert.Contains("1001 tenants", TenantListText.Read(List(1001), ct).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_texts_end_soon_with_a_message()
    {
        string[] texts =
        [
            new('[', 100_000),
            string.Concat(Enumerable.Repeat("- ", 100_000)),
            "a: &a [x]\n" + string.Concat(Enumerable.Range(0, 40).Select(level =>
                string.Create(CultureInfo.InvariantCulture, $"b{level}: &b{level} [*a, *a, *a]\n"))),
            new(' ', 2_000_000),
            "\0\u0001\u0002",
            "{" + new string('{', 5000),
            "- &a {name: *a}",
        ];

        Assert.All(texts, text => Assert.NotNull(TenantListText.Read(text, TestContext.Current.CancellationToken).Fault));
    }

    private static string List(int count) =>
        string.Concat(SomeSets.Tenants(count).Select(tenant => $"- name: {tenant.Name}\n  tenantID: {tenant.TenantId}\n"));
}
