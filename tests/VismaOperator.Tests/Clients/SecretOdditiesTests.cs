using OAuth;
using VismaOperator.Clients;

namespace VismaOperator.Tests.Clients;

/// <summary>What looks wrong about a client secret; how it is reported: <c>SecretVerifiedTests</c>.</summary>
public sealed class SecretOdditiesTests
{
    private const string HasName = "begins with a name before the secret itself";

    [Theory]
    [InlineData("secret=abc", true)]
    [InlineData("  CLIENT_SECRET = abc", true)]
    [InlineData("\"visma.client-secret\": \"abc\"", true)]
    [InlineData("my-secrets-of-acme:abc", true)]
    [InlineData("secret", false)]
    [InlineData("secret=", false)]
    [InlineData("secret: \n", false)]
    [InlineData("a secret: abc", false)]
    [InlineData("secret1=abc", false)]
    [InlineData("password=abc", false)]
    [InlineData("=secret=abc", false)]
    public void A_name_before_the_secret_is_found_as_a_file_would_have_it(string value, bool isNamed) =>
        Assert.Equal(isNamed, SecretOddities.Of(Sensitive.From(value)).Contains(HasName));

    [Theory]
    [InlineData("secret")]
    [InlineData("secret-")]
    [InlineData(" ")]
    [InlineData("=")]
    public void A_value_as_long_as_a_Secret_can_hold_is_judged_like_any_other(string part)
    {
        var value = string.Concat(Enumerable.Repeat(part, 1024 * 1024 / part.Length));

        Assert.DoesNotContain(HasName, SecretOddities.Of(Sensitive.From(value)));
    }
}
