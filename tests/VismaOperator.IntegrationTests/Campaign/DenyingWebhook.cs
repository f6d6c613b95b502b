using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Campaign;

/// <summary>A real admission webhook, called by the real API server, that denies every token Secret of one namespace.</summary>
internal sealed class DenyingWebhook : IAsyncDisposable
{
    private const string Configurations = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    private const string Label = "campaign.example.com/guarded";

    private readonly ApiClient admin;
    private readonly string name;
    private readonly X509Certificate2 certificate = SelfSigned();
    private readonly WebApplication application;

    private DenyingWebhook(ApiClient admin, string name)
    {
        (this.admin, this.name) = (admin, name);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        application = builder.Build();
        application.Run(DenyAsync);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Labels of the namespace that it guards; another label for each run, since tests share the cluster.</summary>
    public static IReadOnlyDictionary<string, string> LabelsOf(string run) => new Dictionary<string, string> { [Label] = run };

    /// <summary>Starts it and has the API server call it.</summary>
    public static async Task<DenyingWebhook> StartAsync(ApiClient admin, string run)
    {
        var started = new DenyingWebhook(admin, $"guard-{run}");
        await started.application.StartAsync(Ct);
        await started.RegisterAsync(run);
        return started;
    }

    public async ValueTask DisposeAsync()
    {
        await admin.DeleteAsync($"{Configurations}/{name}", CancellationToken.None);
        await application.DisposeAsync();
        certificate.Dispose();
    }

    private static async Task DenyAsync(HttpContext context)
    {
        var review = (await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))!;
        var answer = new JsonObject
        {
            ["apiVersion"] = review["apiVersion"]!.DeepClone(),
            ["kind"] = review["kind"]!.DeepClone(),
            ["response"] = new JsonObject
            {
                ["uid"] = review["request"]!["uid"]!.DeepClone(),
                ["allowed"] = false,
                ["status"] = new JsonObject { ["message"] = $"not like this: {review["request"]!["object"]!["data"]}" },
            },
        };
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
    }

    private Task RegisterAsync(string run) =>
        admin.CreateAsync(
            Configurations,
            JsonNode.Parse(
                $$$"""
                {
                  "metadata": {"name": "{{{name}}}"},
                  "webhooks": [{
                    "name": "guard.policies.example.com",
                    "admissionReviewVersions": ["v1"],
                    "sideEffects": "None",
                    "failurePolicy": "Fail",
                    "clientConfig": {
                      "url": "{{{application.Urls.Single()}}}/",
                      "caBundle": "{{{Convert.ToBase64String(Encoding.UTF8.GetBytes(certificate.ExportCertificatePem()))}}}"
                    },
                    "namespaceSelector": {"matchLabels": {"{{{Label}}}": "{{{run}}}"}},
                    "objectSelector": {"matchLabels": {"visma-operator.io/secret": "token"}},
                    "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["secrets"], "operations": ["CREATE", "UPDATE"]}]
                  }]
                }
                """
            )!,
            Ct
        );

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=guard", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
