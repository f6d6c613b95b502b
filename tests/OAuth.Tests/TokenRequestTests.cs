namespace OAuth.Tests;

public sealed class TokenRequestTests
{
    [Fact]
    public async Task Post_puts_everything_into_the_form()
    {
        var (_, form, authorization) = await SentAsync(Some.Client("a&b"), Some.Request("x:read", "y:write"));

        Assert.Equal(
            $"client_id=isv_acme&client_secret=a%26b&grant_type=client_credentials&scope=x%3Aread+y%3Awrite&tenant_id={Some.Tenant}",
            string.Join('&', form.Split('&').Order(StringComparer.Ordinal)));
        Assert.Null(authorization);
    }

    [Fact]
    public async Task Basic_encodes_each_half_first_and_leaves_the_form_without_credentials()
    {
        var (_, form, authorization) = await SentAsync(
            Some.Client("p+q%41 &", ClientAuthenticationMethod.ClientSecretBasic, "isv:acme"), Some.Request());

        Assert.Equal("Basic " + Convert.ToBase64String("isv%3Aacme:p%2Bq%2541+%26"u8), authorization);
        Assert.DoesNotContain("client_", form.Replace("client_credentials", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("grant_type")]
    [InlineData("client_secret")]
    [InlineData("scope")]
    [InlineData("refresh_token")]
    public async Task Extra_parameters_cannot_replace_the_protocols_own(string name)
    {
        var request = new TokenRequest.ClientCredentialsGrant([], new Dictionary<string, string> { [name] = "x" });

        var exception = await Assert.ThrowsAsync<ArgumentException>(() => SentAsync(Some.Client(), request));

        Assert.Contains(name, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Some.Secret, exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blank_client_id_is_a_bug_of_the_caller() =>
        await Assert.ThrowsAsync<ArgumentException>(() => SentAsync(Some.Client(id: " "), Some.Request()));

    private static async Task<(string Path, string Form, string? Authorization)> SentAsync(ClientCredentials client, TokenRequest request)
    {
        var time = new FakeTimeProvider(Some.Noon);
        using var handler = new ScriptedHandler(() => Some.Answer(Some.TokenBody()));
        using var http = new HttpClient(handler);
        using var gate = new IssuerGate(new IssuerGateOptions(), time);
        await new TokenEndpoint(http, gate, time).RequestAsync(Some.Endpoint, client, request, Some.Patience());
        return handler.Requests.Single();
    }
}
