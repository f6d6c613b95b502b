using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace VismaConnect.StandIn;

/// <summary>Authorization requests that wait for a person. Each is answered once.</summary>
internal sealed class Attempts(TimeProvider time, TimeSpan timeout)
{
    private readonly ConcurrentDictionary<string, Attempt> open = new();

    public string Begin(AuthorizationRequest request)
    {
        var id = RandomNumberGenerator.GetHexString(32, lowercase: true);
        open[id] = new Attempt(id, request, time.GetUtcNow() + timeout);
        return id;
    }

    /// <summary>Null when it is unknown or was answered.</summary>
    public Attempt? Find(string? id) => id is null ? null : open.GetValueOrDefault(id);

    /// <summary>False for the second of two answers.</summary>
    public bool Close(Attempt attempt) => open.TryRemove(attempt.Id, out _);

    public bool IsExpired(Attempt attempt) => attempt.ExpiresAt <= time.GetUtcNow();
}

/// <summary>An authorization request that waits for a person.</summary>
internal sealed record Attempt(string Id, AuthorizationRequest Request, DateTimeOffset ExpiresAt);
