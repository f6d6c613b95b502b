using System.Web;

namespace OAuth.Tests;

public sealed class AuthorizationRequestTests
{
    [Fact]
    public void Has_every_field_of_the_code_flow_with_PKCE() =>
        Assert.Equal(
            "https://connect.example/connect/authorize?client_id=isv_acme&code_challenge=ch4llenge&code_challenge_method=S256"
                + "&redirect_uri=https%3A%2F%2FOperator.example%3A443%2Foauth2%2Fcallback"
                + "&response_type=code&scope=openid%20offline_access%20erp%3Aread&state=st.ate",
            Sorted(Request().ToUri())
        );

    [Fact]
    public void Without_scopes_none_is_sent() => Assert.Null(Query(Request() with { Scopes = [] })["scope"]);

    [Fact]
    public void Keeps_the_query_of_the_endpoint_to_the_letter()
    {
        var request = Request() with { Endpoint = new Uri("https://connect.example/authorize?realm=a%2fb&flag&x=1&x=2#part") };

        Assert.StartsWith(
            "https://connect.example/authorize?realm=a%2fb&flag&x=1&x=2&",
            request.ToUri().OriginalString,
            StringComparison.Ordinal
        );
        Assert.Equal("code", Query(request)["response_type"]);
        Assert.Empty(request.ToUri().Fragment);
    }

    [Theory]
    [InlineData("response_type=token")]
    [InlineData("Redirect_URI=https%3A%2F%2Fevil.example")]
    [InlineData("state=")]
    [InlineData("%73tate=x")]
    [InlineData("request=ey.J.x")]
    [InlineData("request_uri=https%3A%2F%2Fevil.example")]
    public void A_protocol_field_in_the_query_of_the_endpoint_gives_way(string pair)
    {
        var plain = Request() with { Endpoint = new Uri("https://connect.example/authorize?a=b") };
        var request = plain with { Endpoint = new Uri($"https://connect.example/authorize?{pair}&a=b") };

        Assert.Equal(plain.ToUri(), request.ToUri());
    }

    [Theory]
    [InlineData("prompt", "login consent")]
    [InlineData("login_hint", "kari@example.com")]
    [InlineData("acr_values", "tenant:2f5c&x=y")]
    [InlineData("nonce", "n")]
    [InlineData("response_mode", "query")]
    [InlineData("ui_locales", "nb-NO")]
    public void Other_parameters_of_a_server_can_be_added(string name, string value)
    {
        var request = Request() with { ExtraParameters = new Dictionary<string, string> { [name] = value } };

        Assert.Equal(value, Query(request)[name]);
        Assert.Equal("st.ate", Query(request)["state"]);
    }

    [Fact]
    public void An_added_parameter_replaces_that_of_the_endpoint()
    {
        var request = Request() with
        {
            Endpoint = new Uri("https://connect.example/authorize?prompt=none"),
            ExtraParameters = new Dictionary<string, string> { ["prompt"] = "login" },
        };

        Assert.Equal(["login"], Query(request).GetValues("prompt")!);
    }

    [Theory]
    [InlineData("response_type")]
    [InlineData("client_id")]
    [InlineData("redirect_uri")]
    [InlineData("scope")]
    [InlineData("state")]
    [InlineData("State")]
    [InlineData("code_challenge")]
    [InlineData("code_challenge_method")]
    [InlineData("request")]
    [InlineData("request_uri")]
    public void Nothing_that_is_added_can_replace_a_protocol_field(string name)
    {
        var exception = Assert.Throws<ArgumentException>(() =>
            Request() with
            {
                ExtraParameters = new Dictionary<string, string> { [name] = "x" },
            }
        );

        Assert.StartsWith($"the extra parameter {name} is a field of the protocol", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Prints_without_the_state() => Assert.DoesNotContain("st.ate", Request().ToString(), StringComparison.Ordinal);

    private static AuthorizationRequest Request() =>
        new(
            new Uri("https://connect.example/connect/authorize"),
            "isv_acme",
            new Uri("https://Operator.example:443/oauth2/callback"),
            ["openid", "offline_access", "erp:read"],
            Sensitive.From("st.ate"),
            "ch4llenge"
        );

    private static System.Collections.Specialized.NameValueCollection Query(AuthorizationRequest request) =>
        HttpUtility.ParseQueryString(request.ToUri().Query);

    private static string Sorted(Uri uri) =>
        uri.GetLeftPart(UriPartial.Path)
        + "?"
        + string.Join('&', uri.OriginalString.Split('?', 2)[1].Split('&').Order(StringComparer.Ordinal));
}
