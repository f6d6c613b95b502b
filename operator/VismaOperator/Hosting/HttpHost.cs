using OpenTelemetry.Resources;
using VismaOperator.Telemetry;

namespace VismaOperator.Hosting;

/// <summary>Builds the web application that serves health and metrics, and nothing that the environment could change.</summary>
internal static class HttpHost
{
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(2);

    /// <summary>
    /// An application from an empty builder: no appsettings.json, no ASPNETCORE_ variables, no signal handling. What the
    /// operator does is said by its own options only.
    /// </summary>
    public static WebApplication Build(OperatorOptions options)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ListenAnyIP(options.HttpPort);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, CallersLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopDeadline);
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.Clear().AddService("visma-operator", serviceVersion: Product.Version))
            .WithMetrics(metrics => metrics.AddOperatorMeters());
        builder.Logging.WriteToConsole(options.Logs);
        return builder.Build();
    }
}
