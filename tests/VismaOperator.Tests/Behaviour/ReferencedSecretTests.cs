using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.Json;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// A client may name any Secret of its namespace as client secret, and whoever writes the client need not be allowed to read it. So the
/// value goes to the provider and nowhere else. What people can see (statuses, events, logs, metadata) is searched for it at the end of
/// every test; see <see cref="SecretSearch"/>.
/// </summary>
public sealed class ReferencedSecretTests
{
    private const string Precious = "the-password-of-the-database";

    [Theory]
    [InlineData("""{"error": "invalid_client", "error_description": "client_secret the-password-of-the-database is wrong"}""", 401)]
    [InlineData("""{"error": "the-password-of-the-database"}""", 400)]
    [InlineData("""{"error": "invalid_the-password-of-the-database"}""", 400)]
    [InlineData("""{"error": "invalid_scope", "error_description": "dGhlLXBhc3N3b3JkLW9mLXRoZS1kYXRhYmFzZQ=="}""", 400)]
    [InlineData("""{"message": "the-password-of-the-database"}""", 403)]
    [InlineData("the-password-of-the-database", 502)]
    [InlineData("the-password-of-the-database", 200)]
    public async Task A_provider_that_repeats_what_it_was_sent_makes_nothing_of_it_visible(string body, int status)
    {
        using var metrics = new SeenMetrics();
        await using var test = await TestOperator.StartAsync();
        test.Provider.Faults.Always(
            new Fault.Answer(status, body, "application/json", new Dictionary<string, string> { ["Retry-After"] = Precious })
        );
        await test.ApplyAsync(Some.Credentials(Precious));
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());

        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Status.Failure is not null);
        await test.UntilIdleAsync();

        Assert.DoesNotContain(
            Precious,
            JsonSerializer.Serialize(await test.ConnectionAsync(), VismaConnection.JsonTypeInfo),
            StringComparison.OrdinalIgnoreCase
        );
        Assert.NotEmpty(metrics.Texts);
        Assert.DoesNotContain(metrics.Texts, text => text.Contains(Precious, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("spec.endpoints.token")]
    [InlineData("spec.endpoints.revocation")]
    [InlineData("spec.issuer")]
    public async Task A_host_that_the_administrator_did_not_list_is_sent_nothing(string field)
    {
        await using var elsewhere = await VismaConnectStandIn.StartAsync(
            new StandInOptions { Clients = [], Tenants = [] },
            TestContext.Current.CancellationToken
        );
        await using var test = await TestOperator.StartAsync();
        var url = new Uri(elsewhere.Url, "/connect/token").OriginalString;
        await test.ApplyAsync(Some.Credentials(Precious));
        await test.ApplyAsync(test.Client().With(spec => field switch
        {
            "spec.endpoints.token" => spec with { Endpoints = new EndpointsSpec { Token = url } },
            "spec.endpoints.revocation" => spec with { Endpoints = new EndpointsSpec { Revocation = url } },
            _ => spec with { Issuer = elsewhere.Issuer.OriginalString },
        }));
        await test.ApplyAsync(Some.VismaConnection());

        var stalled = await test.UntilAsync<OAuthClient>(Some.Client, client => client.Condition("Stalled")?.Reason == "IssuerNotAllowed");
        await test.UntilIdleAsync();

        Assert.Contains(field, stalled.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Empty(elsewhere.Ledger.Requests);
        Assert.Equal(0, test.TokenRequests);
    }

    [Fact]
    public async Task A_provider_that_sends_elsewhere_is_not_followed()
    {
        await using var elsewhere = await VismaConnectStandIn.StartAsync(
            new StandInOptions { Clients = [], Tenants = [] },
            TestContext.Current.CancellationToken
        );
        await using var test = await TestOperator.StartAsync();
        test.Provider.Faults.Always(
            new Fault.Answer(
                307,
                "",
                "text/plain",
                new Dictionary<string, string> { ["Location"] = new Uri(elsewhere.Url, "/connect/token").OriginalString }
            )
        );
        await test.ApplyAsync(Some.Credentials(Precious));
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());

        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Status.Failure is not null);

        Assert.Empty(elsewhere.Ledger.Requests);
    }

    /// <summary>The names and labels of everything that is measured in this process while it lives.</summary>
    private sealed class SeenMetrics : IDisposable
    {
        private readonly ConcurrentQueue<string> texts = new();
        private readonly MeterListener listener = new();

        public SeenMetrics()
        {
            listener.InstrumentPublished = (instrument, who) => who.EnableMeasurementEvents(instrument);
            listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Note(instrument, tags));
            listener.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Note(instrument, tags));
            listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(instrument, tags));
            listener.Start();
        }

        public IReadOnlyList<string> Texts
        {
            get
            {
                listener.RecordObservableInstruments();
                return [.. texts];
            }
        }

        public void Dispose() => listener.Dispose();

        private void Note(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            texts.Enqueue(instrument.Name);
            foreach (var (key, value) in tags)
            {
                texts.Enqueue($"{key}={value}");
            }
        }
    }
}
