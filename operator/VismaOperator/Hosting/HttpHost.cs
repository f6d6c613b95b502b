using OpenTelemetry.Resources;
using VismaOperator.Consent.Web;

namespace VismaOperator.Hosting;

/// <summary>Builds the web application that serves health and metrics, and nothing that the environment could change.</summary>
internal static class HttpHost
{
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(2);

    /// <summary>The application; nothing is served yet.</summary>
    public static WebApplication Build(OperatorOptions options)
    {
        var builder = EmptyWebHost.CreateBuilder(options.HttpPort, StopDeadline);
        builder.Services.AddRoutingCore();
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.Clear().AddService("visma-operator", serviceVersion: Product.Version))
            .WithMetrics(metrics => metrics.AddOperatorMeters());
        builder.Logging.WriteToConsole(options.Logs);
        return builder.Build();
    }
}
