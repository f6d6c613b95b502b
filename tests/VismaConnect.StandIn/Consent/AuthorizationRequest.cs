using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace VismaConnect.StandIn;

/// <summary>An authorization request (RFC 6749 section 4.1.1) whose parts have all been checked.</summary>
internal sealed record AuthorizationRequest(StandInClient Client, string RedirectUri, string? State)
{
    public IReadOnlyList<string> Scopes { get; init; } = [];

    public CodeChallenge? Challenge { get; init; }

    public string? Nonce { get; init; }

    public string? LoginHint { get; init; }

    public IReadOnlyList<string> Prompts { get; init; } = [];

    public bool IsOffline => Scopes.Contains(ErpScopes.OfflineAccess);
}

/// <summary>A challenge of RFC 7636.</summary>
/// <param name="Value">As sent.</param>
/// <param name="Method"><c>S256</c> or <c>plain</c>.</param>
internal sealed record CodeChallenge(string Value, string Method)
{
    public const string Plain = "plain";

    public const string Sha256 = "S256";

    /// <summary>RFC 7636 section 4.1: the length of verifiers; Duende asks it of challenges too.</summary>
    public static bool IsOfFittingLength(string text) => text.Length is >= 43 and <= 128;

    public bool IsMetBy(string verifier) => IsOfFittingLength(verifier) && Value == (Method == Plain
        ? verifier
        : Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(verifier))));
}
