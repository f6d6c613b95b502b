using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace VismaConnect.StandIn;

/// <summary>Puts the pages of the consent desk behind their URLs.</summary>
internal static class InteractiveEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, Desk desk, ConsentFlow consent)
    {
        routes.MapGet(
            "/connect/authorize",
            context => desk.ServeAsync(context, StandInEndpoint.Authorize, AskedBy(context.Request), () => consent.Arrive(context.Request))
        );
        routes.MapGet(
            ConsentPages.LoginPath,
            context => desk.ServeAsync(context, StandInEndpoint.Pages, AskedFor.Nothing, () => consent.ShowLogin(context.Request))
        );
        routes.MapGet(
            ConsentPages.ConsentPath,
            context => desk.ServeAsync(context, StandInEndpoint.Pages, AskedFor.Nothing, () => consent.ShowConsent(context.Request))
        );
        routes.MapPost(
            ConsentPages.LoginPath,
            async context =>
            {
                var form = await FormAsync(context);
                await desk.ServeAsync(context, StandInEndpoint.Pages, AskedFor.Nothing, () => consent.SignIn(context.Request, form));
            }
        );
        routes.MapPost(
            ConsentPages.ConsentPath,
            async context =>
            {
                var form = await FormAsync(context);
                await desk.ServeAsync(
                    context,
                    StandInEndpoint.Consent,
                    consent.AskedOn(form["attempt"]),
                    () => consent.Answer(context.Request, form)
                );
            }
        );
    }

    private static AskedFor AskedBy(HttpRequest request) =>
        new(request.Query["client_id"], null, null, null, TokenForm.Split(request.Query["scope"]));

    private static async Task<IFormCollection> FormAsync(HttpContext context) =>
        context.Request.HasFormContentType ? await context.Request.ReadFormAsync(context.RequestAborted) : FormCollection.Empty;
}
