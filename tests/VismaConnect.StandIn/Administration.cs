using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace VismaConnect.StandIn;

/// <summary>
/// The stand-in's own endpoints under <c>/_standin/</c>, for tests and demonstrations in another process. Loopback only, as all of it.
/// </summary>
internal static class Administration
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public static void Map(RouteGroupBuilder group, VismaConnectStandIn standIn)
    {
        group.MapGet("/ledger", () => Results.Json(new { standIn.Ledger.MaxInFlight, standIn.Ledger.Requests }, Json));
        group.MapDelete("/ledger", () => standIn.Ledger.Reset());
        group.MapGet("/families", () => Results.Json(standIn.Grants.Families, Json));
        group.MapDelete("/families/{id}", (string id) => standIn.Grants.Withdraw(id));
        group.MapGet("/secrets", () => Results.Json(standIn.Ledger.AllSecretsIssued(), Json));
        group.MapDelete("/faults", () => standIn.Faults.Clear());
        group.MapPost("/faults", context => ApplyAsync<FaultOrder>(context, order => order.AddTo(standIn.Faults)));
        group.MapPut("/clients", context => ApplyAsync<StandInClient>(context, standIn.Portal.Set));
        group.MapDelete("/clients/{id}", (string id) => standIn.Portal.RemoveClient(id));
        group.MapPut("/tenants", context => ApplyAsync<StandInTenant>(context, standIn.Portal.Set));
        group.MapDelete("/tenants/{id}", (string id) => standIn.Portal.RemoveTenant(id));
        group.MapPut("/users", context => ApplyAsync<StandInUser>(context, standIn.Portal.Set));
        group.MapDelete("/users/{name}", (string name) => standIn.Portal.RemoveUser(name));
        group.MapPut("/lifetime", context => ApplyAsync<TimeSpan>(context, lifetime => standIn.Portal.AccessTokenLifetime = lifetime));
        group.MapPut("/clockOffset", context => ApplyAsync<TimeSpan>(context, offset => standIn.ClockOffset = offset));
        group.MapPut("/apiRequestsPerHour", context => ApplyAsync<int>(context, quota => standIn.Portal.ApiRequestsPerHour = quota));
        group.MapPut("/tenantError", context => ApplyAsync<StandInError>(context, error => standIn.Portal.TenantError = error));
    }

    /// <summary>204, or 400 with what is wrong with the body.</summary>
    private static async Task ApplyAsync<T>(HttpContext context, Action<T> apply)
    {
        try
        {
            apply((await JsonSerializer.DeserializeAsync<T>(context.Request.Body, Json, context.RequestAborted))!);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync(exception.Message, context.RequestAborted);
        }
    }
}
