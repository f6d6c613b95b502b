using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Api.Validation;

namespace VismaOperator.Probing;

/// <summary>
/// Makes one probe: a GET with the token at the API that it is for. It is sent to hosts of <see cref="AllowLists.AllowedApiHosts"/> only,
/// over https unless plain http is allowed, and follows no redirect. Needs no operator and no cluster. Safe for use by many threads.
/// </summary>
/// <param name="http">A client of <see cref="CreateClient"/>.</param>
/// <param name="allowLists">What the administrator allows.</param>
/// <param name="time">The clock of the deadline.</param>
internal sealed class ApiProbe(HttpClient http, AllowLists allowLists, TimeProvider time)
{
    /// <summary>From the first DNS packet to the last byte of the answer.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private static readonly AllowLists builtIn = new();

    private readonly ResourceEndpoint endpoint = new(
        http,
        time,
        new ResourceEndpointOptions { Timeout = Timeout, Headers = ErpAnswer.Headers }
    );

    /// <summary>The client for probes; it is held to the API hosts that the administrator allows.</summary>
    public static HttpClient CreateClient(AllowLists allowLists, OAuthHttpOptions options)
    {
        var hosts = allowLists.AllowedApiHosts.Select(host => new Uri($"https://{host}").Host).ToList();
        var isBuiltIn = allowLists.AllowedApiHosts.SequenceEqual(builtIn.AllowedApiHosts, StringComparer.Ordinal);
        var transport = allowLists.AllowInsecureIssuers ? TransportRule.HttpAllowed : TransportRule.HttpsOnly;
        return OAuthHttp.CreateClient(
            isBuiltIn ? new HostPolicy(hosts, [], transport) : new HostPolicy([], hosts, transport),
            options
        );
    }

    /// <summary>Names for the message of a probe of this connection.</summary>
    public static ProbeContext ContextOf(VismaConnection connection) =>
        new(
            ProbeAddress.Of(connection.Spec.EffectiveBaseUrl(), connection.Spec.Probe.Path)?.Words
                ?? connection.Spec.EffectiveBaseUrl() + connection.Spec.Probe.Path,
            connection.Spec.TenantId ?? string.Empty,
            string.Join(' ', connection.Status.Token?.GrantedScopes is { Count: > 0 } granted ? granted : connection.Spec.Scopes)
        );

    /// <summary>That nothing is to be sent, since the settings of the probe break a rule; null where they keep all of them.</summary>
    public static ProbeOutcome.Invalid? InvalidOf(VismaConnection connection) =>
        ProbeRules.ProblemOf(connection.Spec) is { } broken ? new ProbeOutcome.Invalid($"{broken.Path}: {broken.Message}") : null;

    /// <summary>Sends one probe for a connection, as its spec says, also where it is not enabled.</summary>
    /// <exception cref="OperationCanceledException">Only when <paramref name="cancellationToken"/> is cancelled.</exception>
    public async Task<ProbeOutcome> SendAsync(VismaConnection connection, Sensitive token, CancellationToken cancellationToken)
    {
        if (InvalidOf(connection) is { } invalid)
        {
            return invalid;
        }

        if (ProbeAddress.Of(connection.Spec.EffectiveBaseUrl(), connection.Spec.Probe.Path) is not { } address)
        {
            return new ProbeOutcome.NotAllowed("spec.baseURL and spec.probe.path make no address of an API");
        }

        if (ProblemWith(address.Url) is { } problem)
        {
            return new ProbeOutcome.NotAllowed(problem);
        }

        return await endpoint.GetAsync(address.Url, token, cancellationToken) switch
        {
            ResourceOutcome.Answered answer => ErpAnswer.Judge(answer, time.GetUtcNow()),
            ResourceOutcome.Failed failed => new ProbeOutcome.Unavailable(failed.Cause),
            var other => throw new InvalidOperationException($"Unknown outcome {other.GetType().Name}."),
        };
    }

    // With the port, which the policy of the client does not look at.
    private string? ProblemWith(Uri url)
    {
        if (url.Scheme != Uri.UriSchemeHttps && !(url.Scheme == Uri.UriSchemeHttp && allowLists.AllowInsecureIssuers))
        {
            return "the token would travel unencrypted over http";
        }

        return allowLists.AllowsApi(url.OriginalString)
            ? null
            : $"the host {url.Authority} is not among those that the administrator allows";
    }
}
