using System.Text;
using VismaOperator.Cli.Rotate;

namespace VismaOperator.Tests.Rotate;

/// <summary>What is taken for a new client secret, and what is refused before anything is asked or written.</summary>
public sealed class NewSecretTests
{
    [Theory]
    [InlineData("Zk3~x-9_plain.secret")]
    [InlineData("Zk3~x-9_plain.secret\n")]
    [InlineData("Zk3~x-9_plain.secret\r\n")]
    public void A_line_break_at_the_end_is_not_part_of_it(string pasted) =>
        Assert.Equal("Zk3~x-9_plain.secret", Read(pasted).Reveal());

    [Theory]
    [InlineData("", "holds no client secret")]
    [InlineData("\n", "holds no client secret")]
    [InlineData("first-secret\nsecond-secret\n", "has more than one line")]
    [InlineData(" secret-with-blank", "has a blank or an invisible character")]
    [InlineData("secret with blank", "has a blank or an invisible character")]
    [InlineData("secret-with-blank ", "has a blank or an invisible character")]
    [InlineData("secret\u00a0no-break", "has a blank or an invisible character")]
    [InlineData("secret\u200bzero-width", "has a blank or an invisible character")]
    [InlineData("\ufeffsecret-after-a-mark", "has a blank or an invisible character")]
    [InlineData("secret\twith-tab", "has a tab")]
    [InlineData("s\0e\0c\0r\0e\0t\0", "has a tab, a NUL")]
    [InlineData("\"quoted-secret\"", "has quotes around it")]
    [InlineData("c2VjcmV0LW9mLXRoZS1wb3J0YWw=", "looks encoded with base64: nothing")]
    [InlineData("${CLIENT_SECRET}", "looks like a placeholder")]
    [InlineData("clientSecret:abcdefgh", "begins with a name before the secret itself")]
    [InlineData("{\"clientSecret\":\"x1x1x1\"}", "looks like a whole JSON document")]
    public void What_was_copied_with_something_around_it_is_refused_and_not_repeated(string pasted, string cause)
    {
        var failure = Assert.Throws<RotateException>(() => Read(pasted));

        Assert.Contains(cause, failure.Message, StringComparison.Ordinal);
        Assert.Contains("nothing was changed", failure.Message, StringComparison.Ordinal);
        Assert.True(pasted.Trim().Length < 3 || !failure.Message.Contains(pasted.Trim(), StringComparison.Ordinal));
    }

    [Fact]
    public void Bytes_that_are_no_text_and_a_whole_file_are_refused()
    {
        var broken = Assert.Throws<RotateException>(() => NewSecret.Read(new MemoryStream([0xff, 0xfe, 0x41]), SecretJudgement.Usual));
        var endless = Assert.Throws<RotateException>(() => NewSecret.Read(new MemoryStream(new byte[100_000]), SecretJudgement.Usual));

        Assert.Contains("is not UTF-8", broken.Message, StringComparison.Ordinal);
        Assert.Contains("is longer than 4096 bytes", endless.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_only_looks_wrong_is_taken_where_a_person_says_so()
    {
        Assert.Equal("'odd-but-right'", Read("'odd-but-right'\n", SecretJudgement.AsItIs).Reveal());
        Assert.Throws<RotateException>(() => Read("two\nlines", SecretJudgement.AsItIs));
    }

    private static OAuth.Sensitive Read(string pasted, SecretJudgement judgement = SecretJudgement.Usual) =>
        NewSecret.Read(new MemoryStream(Encoding.UTF8.GetBytes(pasted)), judgement);
}
