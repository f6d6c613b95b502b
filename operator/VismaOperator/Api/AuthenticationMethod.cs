using System.Text.Json.Serialization;

namespace VismaOperator.Api;

/// <summary>How a client proves its identity to the token endpoint (RFC 6749 section 2.3.1).</summary>
[JsonConverter(typeof(AuthenticationMethodConverter))]
public enum AuthenticationMethod
{
    /// <summary>Id and secret in the form, as Visma documents it.</summary>
    ClientSecretPost,

    /// <summary>Id and secret, URL-encoded, in an HTTP Basic header.</summary>
    ClientSecretBasic,

    /// <summary>A name that this version of the operator does not know.</summary>
    Unrecognized,
}

internal sealed class AuthenticationMethodConverter() : NamedEnumConverter<AuthenticationMethod>(
    AuthenticationMethod.Unrecognized,
    (AuthenticationMethod.ClientSecretPost, "client_secret_post"),
    (AuthenticationMethod.ClientSecretBasic, "client_secret_basic"));
