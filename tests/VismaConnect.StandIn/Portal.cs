using System.Collections.Concurrent;

namespace VismaConnect.StandIn;

/// <summary>What the developer portal and the tenants' administrators set. Changes apply to the next request.</summary>
public sealed class Portal
{
    private readonly ConcurrentDictionary<string, StandInClient> clients = new();
    private readonly ConcurrentDictionary<string, StandInTenant> tenants = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, StandInUser> users = new(StringComparer.OrdinalIgnoreCase);
    private readonly Ledger ledger;
    private long accessTokenLifetimeTicks;
    private volatile StandInError tenantError;
    private volatile int apiRequestsPerHour;

    internal Portal(StandInOptions options, Ledger ledger)
    {
        this.ledger = ledger;
        tenantError = options.TenantError;
        AccessTokenLifetime = options.AccessTokenLifetime;
        ApiRequestsPerHour = options.ApiRequestsPerHour;
        foreach (var client in options.Clients)
        {
            Set(client);
        }

        foreach (var tenant in options.Tenants)
        {
            Set(tenant);
        }

        foreach (var user in options.Users)
        {
            Set(user);
        }
    }

    /// <summary>Lifetime of access tokens issued from now on.</summary>
    public TimeSpan AccessTokenLifetime
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref accessTokenLifetimeTicks));
        set => Interlocked.Exchange(ref accessTokenLifetimeTicks, value.Ticks);
    }

    /// <summary>Requests to the ERP API in an hour, for each pair of tenant and client.</summary>
    public int ApiRequestsPerHour
    {
        get => apiRequestsPerHour;
        set => apiRequestsPerHour = value;
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

    /// <summary>Adds a person or replaces the one of the same name.</summary>
    public void Set(StandInUser user) => users[user.Name] = user;

    /// <summary>Deletes a client.</summary>
    public void RemoveClient(string clientId) => clients.TryRemove(clientId, out _);

    /// <summary>Deletes a tenant.</summary>
    public void RemoveTenant(string tenantId) => tenants.TryRemove(tenantId, out _);

    /// <summary>Deletes a person.</summary>
    public void RemoveUser(string name) => users.TryRemove(name, out _);

    /// <summary>The client of that id, or null.</summary>
    public StandInClient? FindClient(string clientId) => clients.GetValueOrDefault(clientId);

    /// <summary>The tenant of that id in any case, or null.</summary>
    public StandInTenant? FindTenant(string tenantId) => tenants.GetValueOrDefault(tenantId);

    /// <summary>The person of that name in any case, or null.</summary>
    public StandInUser? FindUser(string name) => users.GetValueOrDefault(name);

    /// <summary>The companies that somebody may act for, for the choice on the login page.</summary>
    internal IReadOnlyList<string> TenantsOfUsers() =>
        [
            .. users
                .Values.SelectMany(user => user.Tenants)
                .Distinct(StringComparer.OrdinalIgnoreCase)
                .Order(StringComparer.OrdinalIgnoreCase),
        ];

    /// <summary>What a person calls a tenant.</summary>
    internal string NameOf(string tenantId) => FindTenant(tenantId)?.Name ?? tenantId;
}
