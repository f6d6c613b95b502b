using System.Text.Json;

namespace OAuth.Tests;

public sealed class SensitiveTests
{
    [Fact]
    public void Prints_as_stars_by_itself_and_inside_records()
    {
        var secret = Sensitive.From("s3cret");

        Assert.Equal("***", secret.ToString());
        Assert.DoesNotContain(
            "s3cret",
            new ClientCredentials("id", secret, ClientAuthenticationMethod.ClientSecretPost).ToString(),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(
            "s3cret",
            new TokenOutcome.Granted(new TokenSet(secret, "Bearer", null, null, secret, null)).ToString(),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("s3cret", JsonSerializer.Serialize(secret), StringComparison.Ordinal);
    }

    [Fact]
    public void Compares_by_value()
    {
        Assert.True(Sensitive.From("a").FixedTimeEquals(Sensitive.From("a")));
        Assert.False(Sensitive.From("a").FixedTimeEquals(Sensitive.From("b")));
        Assert.False(Sensitive.From("a").FixedTimeEquals(Sensitive.From("aa")));
        Assert.False(Sensitive.From("a").FixedTimeEquals(null));
        Assert.Equal(Sensitive.From("a"), Sensitive.From("a"));
    }

    [Fact]
    public void Refuses_an_empty_text() => Assert.Throws<ArgumentException>(() => Sensitive.From(""));
}
