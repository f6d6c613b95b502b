using VismaOperator.Api.Validation;

namespace VismaOperator.Tests.Validation;

public sealed class TemplateTextTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("Bearer ${access_token}", "Bearer <access_token>")]
    [InlineData("${scope}${tenant_id}$", "<scope><tenant_id>$")]
    [InlineData("$${scope}", "$<scope>")]
    [InlineData("{\"a\":\"${base_url}\"}", "{\"a\":\"<base_url>\"}")]
    public void Replaces_each_reference(string text, string expected) =>
        Assert.Equal(expected, TemplateText.Render(text, key => $"<{key}>"));

    [Fact]
    public void A_value_that_looks_like_a_reference_is_not_replaced_again() =>
        Assert.Equal("${access_token}", TemplateText.Render("${scope}", key => key == "scope" ? "${access_token}" : "secret"));

    [Theory]
    [InlineData("${refresh_token}")]
    [InlineData("${access_token")]
    [InlineData("${}")]
    public void Anything_else_is_refused(string text)
    {
        Assert.False(TemplateText.IsValid(text));
        Assert.Throws<FormatException>(() => TemplateText.Render(text, _ => "x"));
    }
}
