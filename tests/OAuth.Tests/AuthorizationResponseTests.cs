namespace OAuth.Tests;

public sealed class AuthorizationResponseTests
{
    [Fact]
    public void A_consent_is_a_code() => Assert.Equal(
        new AuthorizationResponse.Code(Sensitive.From("c0de"), Sensitive.From("st.ate"), "https://connect.example"),
        Read(("code", "c0de"), ("state", "st.ate"), ("iss", "https://connect.example"), ("session_state", "x"), ("scope", "a b")));

    [Fact]
    public void The_issuer_may_be_absent() =>
        Assert.Null(Assert.IsType<AuthorizationResponse.Code>(Read(("code", "c"), ("state", "s"))).Issuer);

    [Fact]
    public void A_refusal_says_why() => Assert.Equal(
        new AuthorizationResponse.Denied("access_denied", "Kari said no.", Sensitive.From("st.ate"), "https://connect.example"),
        Read(("error", "access_denied"), ("error_description", "Kari said no."), ("state", "st.ate"), ("iss", "https://connect.example")));

    [Fact]
    public void Error_and_description_become_short_printable_ASCII()
    {
        var denied = Assert.IsType<AuthorizationResponse.Denied>(Read(
            ("error", new string('e', 70)), ("error_description", "a\u001b[31mb\r\nc\u2024" + new string('d', 5000)), ("state", "st.ate")));

        Assert.Equal(new string('e', 64), denied.Error);
        Assert.Equal(200, denied.Description!.Length);
        Assert.StartsWith("a?[31mb  c?ddd", denied.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_that_is_not_printable_is_shown_all_the_same() =>
        Assert.Equal("e?r", Assert.IsType<AuthorizationResponse.Denied>(Read(("error", "e\u001br"), ("state", "s"))).Error);

    [Fact]
    public void A_description_that_repeats_the_state_is_withheld()
    {
        var denied = Assert.IsType<AuthorizationResponse.Denied>(
            Read(("error", "odd"), ("error_description", "state st/ate is old"), ("state", "st/ate"))
        );

        Assert.Equal("(withheld: it repeated a credential)", denied.Description);
    }

    [Theory]
    [InlineData("code")]
    [InlineData("state")]
    [InlineData("iss")]
    [InlineData("error")]
    [InlineData("error_description")]
    public void A_parameter_that_is_there_twice_makes_it_unreadable(string name)
    {
        var unreadable = Assert.IsType<AuthorizationResponse.Unreadable>(
            Read(("code", "c"), ("state", "s"), (name, "again"), (name, "again"))
        );

        Assert.Equal($"the parameter {name} is there more than once", unreadable.Cause);
    }

    [Theory]
    [InlineData("", "c0de", null, "the parameter state is missing, so the answer belongs to no request")]
    [InlineData(null, "c0de", null, "the parameter state is missing, so the answer belongs to no request")]
    [InlineData("s", null, null, "there is neither a code nor an error")]
    [InlineData("s", "", "", "there is neither a code nor an error")]
    [InlineData("s", "c0de", "access_denied", "there is both a code and an error")]
    [InlineData("s", "c\u00f8de", null, "the parameter code has characters that are not allowed in it")]
    [InlineData("s\n", "c0de", null, "the parameter state has characters that are not allowed in it")]
    public void A_query_that_is_no_answer_is_unreadable(string? state, string? code, string? error, string reason)
    {
        var unreadable = Assert.IsType<AuthorizationResponse.Unreadable>(Read(("state", state), ("code", code), ("error", error)));

        Assert.Equal(reason, unreadable.Cause);
        Assert.DoesNotContain("c0de", unreadable.Cause, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("code", 4096)]
    [InlineData("state", 1024)]
    [InlineData("iss", 1024)]
    public void A_value_above_its_length_is_unreadable(string name, int most)
    {
        Assert.IsType<AuthorizationResponse.Code>(WithLength(most));
        Assert.Equal(
            $"the parameter {name} is too long",
            Assert.IsType<AuthorizationResponse.Unreadable>(WithLength(most + 1)).Cause
        );

        AuthorizationResponse WithLength(int length) =>
            Read([
                .. new (string, string?)[] { ("code", "c"), ("state", "s"), ("iss", "i") }.Where(pair => pair.Item1 != name),
                (name, new string('x', length)),
            ]);
    }

    [Theory]
    [InlineData(IssParameter.Promised, "https://a.example", null)]
    [InlineData(IssParameter.NotPromised, "https://a.example", null)]
    [InlineData(IssParameter.NotPromised, null, null)]
    [InlineData(IssParameter.Promised, null, "it does not name its issuer, which this provider promises (iss is missing)")]
    [InlineData(IssParameter.NotPromised, "https://a.example/", "it comes from another issuer (iss differs)")]
    [InlineData(IssParameter.Promised, "https://b.example", "it comes from another issuer (iss differs)")]
    public void An_answer_belongs_to_the_issuer_that_was_asked(IssParameter iss, string? named, string? problem) =>
        Assert.Equal(problem, new AskedIssuer("https://a.example", iss).ProblemWith(named));

    [Fact]
    public void Prints_neither_code_nor_state()
    {
        var text = Read(("code", "c0de"), ("state", "st.ate")).ToString() + Read(("error", "odd"), ("state", "st.ate"));

        Assert.DoesNotContain("c0de", text, StringComparison.Ordinal);
        Assert.DoesNotContain("st.ate", text, StringComparison.Ordinal);
    }

    private static AuthorizationResponse Read(params (string Name, string? Value)[] query) =>
        AuthorizationResponse.Read(query.Select(pair => KeyValuePair.Create(pair.Name, pair.Value)));
}
