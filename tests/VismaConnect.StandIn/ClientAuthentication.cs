namespace VismaConnect.StandIn;

/// <summary>Knows a client by its secret. Any secret that has not expired will do.</summary>
internal sealed class ClientAuthentication(Portal portal, TimeProvider time)
{
    /// <summary>Null for an unknown or disabled client and for a wrong, expired or missing secret alike.</summary>
    public StandInClient? Authenticate(TokenForm form)
    {
        var client = form.Asked.ClientId is { } id ? portal.FindClient(id) : null;
        var isKnown = client is { IsEnabled: true }
            && client.Secrets.Any(secret => secret.Value == form.ClientSecret && IsValid(secret));
        return isKnown ? client : null;
    }

    private bool IsValid(StandInSecret secret) => secret.ExpirationTime is not { } end || end > time.GetUtcNow();
}
