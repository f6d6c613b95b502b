using System.Net.Security;
using System.Security.Cryptography;
using VismaConnect.StandIn;
using VismaOperator.Cli.Connect;
using VismaOperator.Tests.Consent;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Connect;

/// <summary>A person at a browser: goes through the provider's real forms and comes back to the terminal's port.</summary>
internal sealed class Person : IBrowser, IDisposable
{
    public const string Kari = SomeConsents.Person;
    public const string Ola = "ola@acme.example";
    public const string OlasSubject = "51c7-ola";

    private readonly TaskCompletionSource<Uri> sent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HttpClient http;
    private readonly Func<Person, Uri, Task<string>> act;
    private Task<string> visit = Task.FromResult(string.Empty);

    private Person(Func<Person, Uri, Task<string>> act)
    {
        this.act = act;
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, _, errors) =>
        {
            // A browser asks the person, who compares the fingerprint; the name must be right all the same.
            Fingerprint = presented!.GetCertHashString(HashAlgorithmName.SHA256);
            return !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch);
        };
        http = new HttpClient(handler);
    }

    /// <summary>The page that the person was sent to.</summary>
    public Task<Uri> Sent => sent.Task;

    /// <summary>What the browser shows in the end.</summary>
    public Task<string> Page => visit;

    /// <summary>Of the certificate that the terminal presented.</summary>
    public string? Fingerprint { get; private set; }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static Person WhoApproves(VismaConnectStandIn provider, string name = Kari, string tenant = Some.Tenant) =>
        new(async (person, page) => await person.GetAsync(await provider.ApproveAsync(page, name, tenant, Ct)));

    public static Person WhoDenies(VismaConnectStandIn provider) =>
        new(async (person, page) => await person.GetAsync(await provider.DenyAsync(page, Kari, Some.Tenant, Ct)));

    /// <summary>Does something else with the page that the terminal opens.</summary>
    public static Person Who(Func<Person, Uri, Task<string>> act) => new(act);

    public static Person WhoDoesNothing() => new((_, _) => Task.FromResult(string.Empty));

    public Task<bool> OpenAsync(Uri page, CancellationToken cancellationToken)
    {
        visit = Task.Run(() => act(this, page), cancellationToken);
        sent.TrySetResult(page);
        return Task.FromResult(true);
    }

    /// <summary>Opens a page of the terminal that must be there.</summary>
    public async Task<string> GetAsync(Uri page)
    {
        var answer = await SendAsync(HttpMethod.Get, page);
        Assert.Equal(200, answer.Status);
        return answer.Text;
    }

    /// <summary>Sends a request to the terminal.</summary>
    public async Task<Visit> SendAsync(HttpMethod method, Uri page)
    {
        using var request = new HttpRequestMessage(method, page);
        using var response = await http.SendAsync(request, Ct);
        var answer = await Visit.ReadAsync(response, Ct);
        Headers.Check(answer);
        Assert.Null(answer.Header("Strict-Transport-Security"));
        return answer;
    }

    public void Dispose() => http.Dispose();
}
