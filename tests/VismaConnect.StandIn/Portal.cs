using System.Collections.Concurrent;

namespace VismaConnect.StandIn;

/// <summary>What the developer portal and the tenants' administrators set. Changes apply to the next request.</summary>
public sealed class Portal
{
    private readonly ConcurrentDictionary<string, StandInClient> clients = new();
    private readonly ConcurrentDictionary<string, StandInTenant> tenants = new(StringComparer.OrdinalIgnoreCase);
    private readonly Ledger ledger;
    private long accessTokenLifetimeTicks;
    private volatile StandInError tenantError;

    internal Portal(StandInOptions options, Ledger ledger)
    {
        this.ledger = ledger;
        tenantError = options.TenantError;
        AccessTokenLifetime = options.AccessTokenLifetime;
        foreach (var client in options.Clients)
        {
            Set(client);
        }

        foreach (var tenant in options.Tenants)
        {
            Set(tenant);
        }
    }

    /// <summary>Lifetime of access tokens issued from now on.</summary>
    public TimeSpan AccessTokenLifetime
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref accessTokenLifetimeTicks));
        set => Interlocked.Exchange(ref accessTokenLifetimeTicks, value.Ticks);
    }

    /// <summary>The answer for a tenant that is unknown or has not approved the client.</summary>
    public StandInError TenantError
    {
        get => tenantError;
        set => tenantError = value;
    }

    /// <summary>Adds a client or replaces the one of the same id.</summary>
    public void Set(StandInClient client)
    {
        clients[client.ClientId] = client;
        foreach (var secret in client.Secrets)
        {
            ledger.AddSecret(secret.Value);
        }
    }

    /// <summary>Adds a tenant or replaces the one of the same id.</summary>
    public void Set(StandInTenant tenant) => tenants[tenant.TenantId] = tenant;

    /// <summary>Deletes a client.</summary>
    public void RemoveClient(string clientId) => clients.TryRemove(clientId, out _);

    /// <summary>Deletes a tenant.</summary>
    public void RemoveTenant(string tenantId) => tenants.TryRemove(tenantId, out _);

    /// <summary>The client of that id, or null.</summary>
    public StandInClient? FindClient(string clientId) => clients.GetValueOrDefault(clientId);

    /// <summary>The tenant of that id in whatever case, or null.</summary>
    public StandInTenant? FindTenant(string tenantId) => tenants.GetValueOrDefault(tenantId);
}
