namespace OAuth;

/// <summary>What is asked of a token endpoint. A grant is a case of this closed hierarchy.</summary>
public abstract record TokenRequest
{
    private TokenRequest()
    {
    }

    /// <summary>The <c>grant_type</c> of the request.</summary>
    public abstract string GrantType { get; }

    /// <summary>
    /// The client credentials grant (RFC 6749 section 4.4).
    /// </summary>
    /// <param name="Scopes">Scopes to ask for; when empty no <c>scope</c> is sent, and the server's default applies.</param>
    /// <param name="ExtraParameters">Further form fields, for example <c>tenant_id</c>. Fields of the grant itself and of the client's authentication are refused.</param>
    public sealed record ClientCredentialsGrant(
        IReadOnlyList<string> Scopes,
        IReadOnlyDictionary<string, string> ExtraParameters) : TokenRequest
    {
        /// <inheritdoc/>
        public override string GrantType => "client_credentials";
    }
}
