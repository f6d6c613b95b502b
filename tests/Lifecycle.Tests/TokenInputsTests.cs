using Xunit;

namespace Lifecycle.Tests;

public sealed class TokenInputsTests
{
    [Theory]
    [InlineData("c1", "k1", true)]
    [InlineData("c1", "k2", false)]
    [InlineData("c2", "k1", false)]
    [InlineData("c1", null, true)]
    [InlineData("c2", null, false)]
    [InlineData("c", null, false)]
    [InlineData("c1.k1", null, false)]
    public void Recorded_inputs_match_both_parts_or_the_one_that_is_known(string connection, string? client, bool matches) =>
        Assert.Equal(matches, TokenInputs.Match(TokenInputs.Join("c1", "k1"), connection, client));

    [Fact]
    public void What_was_attempted_is_recorded_in_a_form_that_stays()
    {
        Assert.Equal("c1.r1.acme-token", Policy.AttemptInputs(Some.Facts()));
        Assert.Equal("c1..acme-token", Policy.AttemptInputs(Some.Facts().ClientMissing()));
        Assert.Equal("c1.r1.acme-token.f1", Policy.AttemptInputs(SomeGrant.Consented()));
    }
}
