using System.Globalization;
using System.Net.Sockets;
using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Clients;

namespace VismaOperator.Cli.Doctor;

/// <summary>The way to the provider, from this machine: name, connection, certificate, clock, discovery document.</summary>
internal static class NetworkLinks
{
    private static readonly TimeSpan dnsPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan soon = TimeSpan.FromDays(14);

    /// <summary>The host has an address.</summary>
    public static async Task<LinkFinding> DnsAsync(DoctorCase subject, CancellationToken stop) =>
        subject.Way.Dns ??= await LookUpAsync(subject, subject.Provider, stop);

    private static async Task<LinkFinding> LookUpAsync(DoctorCase subject, Uri server, CancellationToken stop)
    {
        var (host, named) = (server.IdnHost, WhatNames(subject, server));
        if (subject.Tools.ProxyOf(server) is { } proxy)
        {
            return LinkFinding.Skipped(DoctorReason.NotApplicable, $"The proxy {proxy.Authority} looks {host} up.");
        }

        using var patience = Deadline.Linked(dnsPatience, subject.Tools.Time, stop);
        try
        {
            var addresses = await subject.Tools.Resolve(host, patience.Token);
            return addresses.Length > 0
                ? LinkFinding.Ok($"{host} has the address {string.Join(", ", addresses.Take(3).Select(address => address.ToString()))}.")
                : NotResolved(host, named, "no address");
        }
        catch (SocketException failure)
        {
            return NotResolved(
                host,
                named,
                failure.SocketErrorCode == SocketError.TryAgain ? "the name server does not answer" : "there is no such name"
            );
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return NotResolved(host, named, "the name server does not answer in time");
        }
    }

    /// <summary>The server is reached, and its certificate is trusted.</summary>
    public static Task<LinkFinding> TlsAsync(DoctorCase subject, CancellationToken stop) =>
        ReachAsync(subject, subject.Provider, subject.ContactAddress, stop);

    private static async Task<LinkFinding> ReachAsync(DoctorCase subject, Uri provider, Uri address, CancellationToken stop)
    {
        var named = WhatNames(subject, provider);
        return (subject.WayTo(address).Contact ??= await subject.Tools.Providers.Contact.LookAsync(address, stop)) switch
        {
            { Certificate: { } certificate } when ProblemOf(certificate, provider.Host, named, subject.Now) is { } problem => problem,
            { Failure: { } failure } => LinkFinding.Broken(
                DoctorReason.NotReached,
                $"{provider.Authority} is not reached: {failure}. Check firewall, proxy (HTTPS_PROXY, NO_PROXY) and the provider's status "
                    + "page."
            ),
            { Certificate: { } certificate } when certificate.NotAfter <= subject.Now + soon => LinkFinding.Warning(
                DoctorReason.CertificateExpiresSoon,
                $"The certificate of {provider.Host} is valid until {Date(certificate.NotAfter)} only. Tell whoever runs the server."
            ),
            { Certificate: { } certificate } => LinkFinding.Ok(
                $"The certificate of {provider.Host} is trusted and valid until {Date(certificate.NotAfter)}. Signed by "
                    + $"{certificate.Issuer}."
            ),
            _ => LinkFinding.Warning(
                Reason.InsecureUrl,
                $"{provider.Authority} is reached by plain http: secrets and tokens travel unencrypted. Use https, except for development."
            ),
        };
    }

    /// <summary>The clocks of this machine and of the provider agree.</summary>
    public static Task<LinkFinding> ClockAsync(DoctorCase subject, CancellationToken stop) =>
        Task.FromResult(
            subject.Way.Contact?.Clock is not { } reading
                ? LinkFinding.Unknown(DoctorReason.NotFound, "The answer has no usable Date header.")
            : reading.Ahead.Duration() - reading.Uncertainty > ClockWatch.Tolerance
                ? LinkFinding.Warning(
                    DoctorReason.ClockSkewed,
                    $"{ClockWatch.Words(reading.Ahead, subject.Provider.Authority, "this machine")}, by the Date header of its answer. "
                        + "Synchronise the clock (NTP). The operator's own clock is another one: where it is wrong, the OAuthClient's "
                        + "status and the operator's log say so."
                )
            : LinkFinding.Ok($"This machine and {subject.Provider.Authority} agree within {Seconds(reading)} s.")
        );

    /// <summary>The discovery document names the endpoints.</summary>
    public static async Task<LinkFinding> DiscoveryAsync(DoctorCase subject, CancellationToken stop)
    {
        var (issuer, declared) = (new Uri(subject.Client!.Spec.Issuer), subject.Client.Spec.Endpoints);
        var endpoints = new ProviderEndpoints(subject.Tools.Providers.Metadata);
        var token = await endpoints.TokenAsync(issuer, UriOf(declared?.Token), stop);
        var isOfAPerson = subject.Connection.Spec.Grant == Grant.AuthorizationCode;
        var authorization = isOfAPerson ? await endpoints.AuthorizationAsync(issuer, UriOf(declared?.Authorization), stop) : null;
        subject.TokenEndpoint = (token as EndpointLookup.Found)?.Endpoint;
        return (token, authorization) switch
        {
            (EndpointLookup.NotFound missing, _) => LinkFinding.Broken(missing.Problem),
            (_, EndpointLookup.NotFound missing) => LinkFinding.Broken(missing.Problem),
            _ when UriOf(declared?.Token) is not null && (!isOfAPerson || UriOf(declared?.Authorization) is not null) =>
                LinkFinding.Skipped(DoctorReason.NotApplicable, "spec.endpoints of the OAuthClient names the endpoints."),
            _ => await OnAnotherHostAsync(subject, stop) ?? LinkFinding.Ok($"The token endpoint is {subject.TokenEndpoint}."),
        };
    }

    // DNS and TLS above are those of the issuer.
    private static async Task<LinkFinding?> OnAnotherHostAsync(DoctorCase subject, CancellationToken stop)
    {
        var endpoint = subject.TokenEndpoint!;
        if (endpoint.Authority == subject.Provider.Authority)
        {
            return null;
        }

        var address = new Uri(endpoint, "/");
        var finding = subject.WayTo(address).Dns ??= await LookUpAsync(subject, endpoint, stop);
        finding = finding.Outcome == LinkOutcome.Broken ? finding : await ReachAsync(subject, endpoint, address, stop);
        return finding.Outcome == LinkOutcome.Ok
            ? null
            : finding with
            {
                Message = $"The discovery document names the token endpoint {endpoint}. {finding.Message}",
            };
    }

    private static string Seconds(ClockReading reading) =>
        Math.Ceiling((reading.Ahead.Duration() + reading.Uncertainty).TotalSeconds).ToString(CultureInfo.InvariantCulture);

    private static Uri? UriOf(string? text) => text is { Length: > 0 } ? new Uri(text) : null;

    private static LinkFinding NotResolved(string host, string named, string cause) =>
        LinkFinding.Broken(
            DoctorReason.NameNotResolved,
            $"{host} cannot be looked up: {cause}. Correct {named}, or the DNS of this machine; the operator's pod asks the DNS of its "
                + "cluster."
        );

    // Where the host of a server is named, which is what to correct when it is wrong.
    private static string WhatNames(DoctorCase subject, Uri server) =>
        server != subject.Provider ? "the discovery document of the provider"
        : subject.Client!.Spec.Endpoints?.Token is { Length: > 0 } ? "spec.endpoints.token of the OAuthClient"
        : "spec.issuer of the OAuthClient";

    private static LinkFinding? ProblemOf(ServerCertificate certificate, string host, string named, DateTimeOffset now)
    {
        const string Middle = " If a proxy opens TLS here, trust its root (SSL_CERT_FILE).";
        return certificate switch
        {
            { IsOfAnotherHost: false, IsUntrusted: false } => null,
            _ when certificate.NotAfter <= now => LinkFinding.Broken(
                DoctorReason.CertificateExpired,
                $"The certificate of {host} expired at {Date(certificate.NotAfter)}. Whoever runs the server must renew it; if it should "
                    + "still be valid, check the clock of this machine."
            ),
            _ when certificate.NotBefore > now => LinkFinding.Broken(
                DoctorReason.CertificateNotYetValid,
                $"The certificate of {host} is valid from {Date(certificate.NotBefore)} on only. Check the clock of this machine."
            ),
            { IsOfAnotherHost: true } => LinkFinding.Broken(
                DoctorReason.CertificateOfAnotherHost,
                $"The certificate is not for {host} but for {Names(certificate)}. Correct the host in {named}, or have the "
                    + $"server's certificate corrected.{Middle}"
            ),
            { IsSelfSigned: true } => LinkFinding.Broken(
                DoctorReason.CertificateUntrusted,
                $"The certificate of {host} is signed by itself ({certificate.Subject}), and this machine does not trust it.{Middle}"
            ),
            _ => LinkFinding.Broken(
                DoctorReason.CertificateUntrusted,
                $"The certificate of {host}, signed by {certificate.Issuer}, is not trusted here "
                    + $"({string.Join(", ", certificate.ChainProblems)}).{Middle}"
            ),
        };
    }

    private static string Names(ServerCertificate certificate) =>
        certificate.Names.Count == 0 ? certificate.Subject : string.Join(", ", certificate.Names.Take(3));

    private static string Date(DateTimeOffset time) => InstantText.Of(time);
}
