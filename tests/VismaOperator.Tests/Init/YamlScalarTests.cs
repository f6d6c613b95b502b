using System.Text.Json.Nodes;
using CsCheck;
using VismaOperator.Cli.Init;
using VismaOperator.Manifests;

namespace VismaOperator.Tests.Init;

/// <summary>Text of others in YAML: what is written comes back as it was, and nothing of it is read as YAML.</summary>
public sealed class YamlScalarTests
{
    [Theory]
    [InlineData("acme", "acme")]
    [InlineData("vismanet_erp_service_api:read", "vismanet_erp_service_api:read")]
    [InlineData("2f5c8a54-51ab-4c5e-9d3a-0d6a1c0d9f11", "2f5c8a54-51ab-4c5e-9d3a-0d6a1c0d9f11")]
    [InlineData("no", "\"no\"")]
    [InlineData("Null", "\"Null\"")]
    [InlineData("1e3", "\"1e3\"")]
    [InlineData("2026-11-30", "\"2026-11-30\"")]
    [InlineData("a: b", "\"a: b\"")]
    [InlineData("a #b", "\"a #b\"")]
    [InlineData("- a", "\"- a\"")]
    [InlineData("", "\"\"")]
    public void A_text_is_in_quotes_where_it_could_be_taken_for_something_else(string text, string written) =>
        Assert.Equal(written, YamlScalar.Of(text));

    [Theory]
    [InlineData("\"\nmetadata: {name: other}\n\"")]
    [InlineData("a\u2028b\u2029c\u0085d")]
    [InlineData("\\\"'`{}[]&*!|>%@")]
    [InlineData("\u202eevil\u0000\u0007\ufeff\ufffe\uffff")]
    [InlineData("Ærø \U0001f600 株式会社")]
    [InlineData("{{ .Values.x }} ${access_token}")]
    public void Hostile_text_comes_back_as_it_was(string text) => Assert.Equal(text, ReadBack(text));

    [Fact]
    public void Any_text_comes_back_as_it_was() =>
        Gen.String.Select(text => string.Concat(text.EnumerateRunes())).Sample(text => ReadBack(text) == text);

    [Fact]
    public void No_text_ends_a_comment() =>
        Gen.String.Sample(text =>
        {
            var read = ManifestReader.ReadText("x.yaml", $"apiVersion: v1\nkind: X\n# {YamlScalar.InComment(text)}\nvalue: right\n");
            return read.Problems.Count == 0 && (string?)read.Documents.Single().Content["value"] == "right";
        });

    private static string? ReadBack(string text)
    {
        var read = ManifestReader.ReadText("x.yaml", $"apiVersion: v1\nkind: X\nvalue: {YamlScalar.Of(text)}\nafter: right\n");
        Assert.Empty(read.Problems);
        var content = Assert.Single(read.Documents).Content;
        Assert.Equal(["apiVersion", "kind", "value", "after"], content.Select(member => member.Key));
        return (content["value"] as JsonValue)?.GetValue<string>();
    }
}
