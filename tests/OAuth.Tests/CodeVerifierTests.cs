using System.Security.Cryptography;

namespace OAuth.Tests;

public sealed class CodeVerifierTests
{
    /// <summary>The octets, the verifier and the challenge of RFC 7636 appendix B.</summary>
    private static readonly byte[] octets =
    [
        116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186,
        22, 212, 37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
    ];

    [Fact]
    public void Makes_the_verifier_and_the_challenge_of_the_RFCs_example()
    {
        var verifier = new CodeVerifier(length => length == 32 ? octets : []).New();

        Assert.Equal("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", verifier.Reveal());
        Assert.Equal("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", CodeVerifier.ChallengeOf(verifier));
    }

    [Fact]
    public void Each_is_another()
    {
        var verifiers = new CodeVerifier(RandomNumberGenerator.GetBytes);

        Assert.NotEqual(verifiers.New(), verifiers.New());
    }
}
