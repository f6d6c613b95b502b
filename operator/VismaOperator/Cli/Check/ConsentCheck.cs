using VismaOperator.Api;
using VismaOperator.Cli.Connect;
using VismaOperator.Manifests;

namespace VismaOperator.Cli.Check;

/// <summary>Checks whether grant, scopes and client of a connection go together.</summary>
internal sealed class ConsentCheck(Declared<VismaConnection> connection, FindingList findings)
{
    private const string Service = "vismanet_erp_service_api:";
    private const string Interactive = "vismanet_erp_interactive_api:";

    /// <summary>
    /// Warns of scopes of Visma's other kind of integration. No more than a warning: which application and grant may use an API is a
    /// setting of the provider (its "permission type"), which is nowhere published and may change.
    /// </summary>
    internal void CheckScopes()
    {
        var spec = connection.Resource.Spec;
        for (var index = 0; index < spec.Scopes.Count; index++)
        {
            var path = FieldPath.Item("spec.scopes", index);
            if (spec.Grant == Grant.AuthorizationCode && spec.Scopes[index].StartsWith(Service, StringComparison.Ordinal))
            {
                findings.Warn(
                    connection.Document,
                    path,
                    CheckReasons.ScopeOfOtherGrant,
                    $"{Service}* are the scopes of service integrations, which have the grant ClientCredentials: ask for {Interactive}* "
                    + "here, or change the grant"
                );
            }
            else if (spec.Grant == Grant.ClientCredentials && spec.Scopes[index].StartsWith(Interactive, StringComparison.Ordinal))
            {
                findings.Warn(
                    connection.Document,
                    path,
                    CheckReasons.ScopeOfOtherGrant,
                    $"{Interactive}* are the scopes of integrations that act for a person: ask for {Service}* here, or set the grant to "
                    + "AuthorizationCode"
                );
            }
        }
    }

    /// <summary>Says what a consent needs of the client.</summary>
    internal void CheckClient(OAuthClient client)
    {
        if (connection.Resource.Spec.Grant != Grant.AuthorizationCode)
        {
            return;
        }

        if (IsHttp(client.Spec.Issuer) || IsHttp(client.Spec.Endpoints?.Authorization))
        {
            findings.Warn(
                connection.Document,
                "spec.grant",
                CheckReasons.InsecureConsent,
                $"OAuthClient {client.Metadata.NamespacedName} has an issuer or authorization endpoint of plain http, and a person "
                + "would sign in there unencrypted: use https, except for development"
            );
        }

        if (client.Spec.RedirectUri is null)
        {
            findings.Inform(
                connection.Document,
                "spec.grant",
                CheckReasons.RedirectNotDeclared,
                $"OAuthClient {client.Metadata.NamespacedName} has no redirectURI, so a consent at the operator is sent its --public-url "
                + $"followed by {OAuthClientSpec.DefaultRedirectPath}, and one by visma-operator connect, as in local mode, "
                + $"{ConnectOptions.DefaultRedirectUri(ConnectOptions.DefaultPort)} or its --redirect-uri: register the URL that you use "
                + "in the developer portal"
            );
        }
    }

    private static bool IsHttp(string? url) => url?.StartsWith("http://", StringComparison.Ordinal) ?? false;
}
