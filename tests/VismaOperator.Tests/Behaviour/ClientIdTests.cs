using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// A client id from a Secret. Everybody can read it in the redirect to the provider, so only a Secret that its owner labelled for this may
/// serve: whoever may create our kinds, but may not read Secrets, reads nothing.
/// </summary>
public sealed class ClientIdTests
{
    private const string Command = "kubectl label secret acme-id -n integrations visma-operator.io/client-credentials=true";
    private const string Precious = "the-password-of-the-database";

    [Theory]
    [InlineData(null, Command)]
    [InlineData("yes", Command + " --overwrite")]
    [InlineData("True", Command + " --overwrite")]
    [InlineData("", Command + " --overwrite")]
    public async Task A_Secret_without_the_label_is_not_read_and_the_message_has_the_command(string? label, string command)
    {
        await using var test = await WithIdAsync(Precious, label);
        var connection = await test.UntilStalledAsync("SecretNotLabelled");
        var client = await test.UntilAsync<OAuthClient>(Some.Client, client => client.Condition("Stalled")?.Reason == "SecretNotLabelled");

        Assert.All([client.Condition("Stalled")!, connection.Condition("Stalled")!], stalled =>
        {
            Assert.Contains("Secret integrations/acme-id", stalled.Message, StringComparison.Ordinal);
            Assert.Contains(command, stalled.Message, StringComparison.Ordinal);
        });
        Assert.Equal(label is not null, client.Condition("Stalled")!.Message.Contains("--overwrite", StringComparison.Ordinal));
        Assert.Equal(0, test.TokenRequests);
    }

    [Fact]
    public async Task The_keys_of_a_Secret_without_the_label_are_not_revealed()
    {
        await using var test = await WithIdAsync(Precious, label: null, key: "another-key");

        await test.UntilStalledAsync("SecretNotLabelled");
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----")]
    [InlineData("isv_\u00e5cme")]
    [InlineData("\ufeffisv_acme")]
    [InlineData("isv_acme\t")]
    [InlineData("this-is-a-token-of-a-hundred-and-one-characters-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    public async Task A_value_that_could_not_be_written_as_clientID_is_no_client_id(string value)
    {
        await using var test = await WithIdAsync(value, "true");

        var client = await test.UntilAsync<OAuthClient>(Some.Client, client => client.Condition("Stalled")?.Reason == "ClientIDInvalid");

        var message = client.Condition("Stalled")!.Message;
        Assert.Contains("key clientID of Secret integrations/acme-id", message, StringComparison.Ordinal);
        Assert.Contains("at most 100 printable ASCII characters without spaces", message, StringComparison.Ordinal);
        Assert.DoesNotContain(value, message, StringComparison.Ordinal);
        Assert.Equal(0, test.TokenRequests);
    }

    [Fact]
    public async Task The_label_is_all_that_was_lacking_and_without_it_again_nothing_is_asked()
    {
        await using var test = await WithIdAsync(Some.ClientId, label: null);
        await test.UntilStalledAsync("SecretNotLabelled");

        await test.PatchAsync<Secret>("acme-id", """{"metadata": {"labels": {"visma-operator.io/client-credentials": "true"}}}""");
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();
        await test.PatchAsync<Secret>("acme-id", """{"metadata": {"labels": {"visma-operator.io/client-credentials": null}}}""");
        await test.UntilStalledAsync("SecretNotLabelled");
        await test.AdvanceAsync(TimeSpan.FromHours(2), TimeSpan.FromMinutes(10));

        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_line_break_at_the_end_of_an_id_does_no_harm()
    {
        await using var test = await WithIdAsync(Some.ClientId + "\n", "true");

        await test.UntilReadyAsync();
    }

    [Fact]
    public async Task A_client_secret_in_a_labelled_Secret_is_nobodys_client_id()
    {
        await using var test = await WithIdAsync(Some.ClientId, "true");
        await test.PatchAsync<Secret>("acme-credentials", """{"metadata": {"labels": {"visma-operator.io/client-credentials": "true"}}}""");
        await test.UntilReadyAsync();
        test.Time.Advance(TimeSpan.FromSeconds(1));

        var thief = test.Client() with { Metadata = new ObjectMeta { Name = "thief", Namespace = Some.Namespace } };
        await test.ApplyAsync(thief.With(spec => spec with
        {
            ClientId = null,
            ClientIdFrom = From("acme-credentials", "clientSecret"),
            ClientSecrets = [new ClientSecretSpec { SecretKeyRef = new SecretKeyReference { Name = "acme-id", Key = "clientID" } }],
        }));
        var refused = await test.UntilAsync<OAuthClient>("thief", client => client.Condition("Stalled")?.Reason == "ClientIDInvalid");
        await test.UntilIdleAsync();

        Assert.Contains(
            "serves an OAuthClient of this namespace as client secret",
            refused.Condition("Stalled")!.Message,
            StringComparison.Ordinal
        );
        // whoever comes later takes no id away by calling it a secret
        Assert.True((await test.FindAsync<OAuthClient>(Some.Client))!.Is("Ready", "True"));
    }

    [Fact]
    public async Task The_same_key_is_not_id_and_secret_of_one_client()
    {
        await using var test = await WithIdAsync(Precious, "true", secret: new SecretKeyReference { Name = "acme-id", Key = "clientID" });

        await test.UntilStalledAsync("ClientIDInvalid");
    }

    private static ClientIdSource From(string name, string key) =>
        new()
        {
            SecretKeyRef = new SecretKeyReference { Name = name, Key = key },
        };

    private static async Task<TestOperator> WithIdAsync(
        string value,
        string? label,
        string key = "clientID",
        SecretKeyReference? secret = null
    )
    {
        var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(
            new Secret
            {
                Metadata = new ObjectMeta
                {
                    Name = "acme-id",
                    Namespace = Some.Namespace,
                    Labels = label is null ? null : new Dictionary<string, string> { ["visma-operator.io/client-credentials"] = label },
                },
                Data = new Dictionary<string, SecretValue> { ["clientID"] = SecretValue.FromText(value) },
            }
        );
        await test.ApplyAsync(
            test.Client()
                .With(spec =>
                    spec with
                    {
                        ClientId = null,
                        ClientIdFrom = From("acme-id", key),
                        ClientSecrets = secret is null ? spec.ClientSecrets : [new ClientSecretSpec { SecretKeyRef = secret }],
                    }
                )
        );
        await test.ApplyAsync(Some.VismaConnection());
        return test;
    }
}
