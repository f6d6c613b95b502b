using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace VismaConnect.StandIn;

/// <summary>Remembers by cookie who is signed in in which browser.</summary>
internal sealed class Sessions(Portal portal, TimeProvider time)
{
    private const string CookieName = "stand-in-session";

    private readonly ConcurrentDictionary<string, SignIn> open = new();

    /// <summary>Null when nobody is signed in, or somebody who may no longer be.</summary>
    public SignIn? Find(HttpRequest request)
    {
        var known = request.Cookies[CookieName] is { } id ? open.GetValueOrDefault(id) : null;
        return known is not null && portal.FindUser(known.User.Name)?.MayActFor(known.TenantId) == true ? known : null;
    }

    /// <summary>Begins a session and gives the value of its <c>Set-Cookie</c>.</summary>
    public string Begin(StandInUser user, string tenantId, HttpRequest request)
    {
        var id = RandomNumberGenerator.GetHexString(32, lowercase: true);
        open[id] = new SignIn(user, tenantId, time.GetUtcNow());
        return $"{CookieName}={id}; Path=/; HttpOnly; SameSite=Lax" + (request.IsHttps ? "; Secure" : "");
    }

    public void End(HttpRequest request)
    {
        if (request.Cookies[CookieName] is { } id)
        {
            open.TryRemove(id, out _);
        }
    }
}
