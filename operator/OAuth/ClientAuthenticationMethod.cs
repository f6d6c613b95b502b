namespace OAuth;

/// <summary>How a client proves itself at the token endpoint (RFC 6749 section 2.3.1).</summary>
public enum ClientAuthenticationMethod
{
    /// <summary><c>client_secret_post</c>: id and secret are fields of the form.</summary>
    ClientSecretPost,

    /// <summary><c>client_secret_basic</c>: id and secret are URL-encoded each, then sent in the Basic header.</summary>
    ClientSecretBasic,
}
