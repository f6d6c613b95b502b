using Kubernetes.Client.Resources;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Api;
using VismaOperator.Local;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Local;

public sealed class StateTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    private string State => folder["state"];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void One_process_at_a_time_holds_the_directory()
    {
        using (StateDirectory.Open(State))
        {
            var refusal = Assert.Throws<LocalException>(() => StateDirectory.Open(State));
            Assert.Contains("in use by another visma-operator", refusal.Message, StringComparison.Ordinal);
            Assert.Equal(UnixFiles.PrivateDirectory, File.GetUnixFileMode(State));
        }

        StateDirectory.Open(State).Dispose(); // free again
    }

    [Fact]
    public void A_directory_that_others_can_enter_is_refused_with_the_remedy()
    {
        Directory.CreateDirectory(State, UnixFiles.PrivateDirectory | UnixFileMode.OtherExecute);

        var refusal = Assert.Throws<LocalException>(() => StateDirectory.Open(State));

        Assert.Contains("chmod 700", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Objects_come_back_with_their_identity_version_and_status()
    {
        VismaConnection before;
        using (var first = Open())
        {
            var created = await first.Client.CreateAsync(Some.VismaConnection(), Token);
            before = await first.Client.PatchStatusAsync<VismaConnection>(
                created.Metadata.NamespacedName,
                new() { ["status"] = new System.Text.Json.Nodes.JsonObject { ["secretName"] = "kept" } },
                Token
            );
            await first.Client.CreateAsync(TokenSecret(), Token);
        }

        using var second = Open();
        var after = await second.Client.FindAsync<VismaConnection>(before.Metadata.NamespacedName, Token);
        var secret = await second.Client.FindAsync<Secret>(TokenSecret().Metadata.NamespacedName, Token);

        Assert.Equal(
            (before.Metadata.Uid, before.Metadata.ResourceVersion, before.Metadata.Generation, "kept"),
            (after!.Metadata.Uid, after.Metadata.ResourceVersion, after.Metadata.Generation, after.Status.SecretName)
        );
        Assert.Equal("t1", secret!.Data!["access_token"].RevealText());
    }

    [Fact]
    public async Task A_version_is_never_given_twice_over_a_restart()
    {
        string before;
        using (var first = Open())
        {
            before = (await first.Client.CreateAsync(TokenSecret(), Token)).Metadata.ResourceVersion!;
        }

        using var second = Open();
        var after = await second.Client.CreateAsync(Some.VismaConnection(), Token);

        Assert.True(
            long.Parse(after.Metadata.ResourceVersion!, System.Globalization.CultureInfo.InvariantCulture)
                > long.Parse(before, System.Globalization.CultureInfo.InvariantCulture)
        );
    }

    [Fact]
    public async Task Credentials_from_manifests_are_not_copied_into_the_state()
    {
        using var cluster = Open();
        await cluster.Client.CreateAsync(Some.Credentials(), Token);
        await cluster.Client.CreateAsync(TokenSecret(), Token);

        var kept = Directory.EnumerateFiles(State, "*.json", SearchOption.AllDirectories).Select(File.ReadAllText).ToList();

        Assert.Contains(kept, text => text.Contains(Convert.ToBase64String("t1"u8), StringComparison.Ordinal));
        Assert.DoesNotContain(kept, text => text.Contains(Some.ClientSecret, StringComparison.Ordinal));
        Assert.DoesNotContain(
            kept,
            text => text.Contains(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Some.ClientSecret)), StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_credential_that_its_manifest_still_holds_keeps_its_identity()
    {
        Secret before;
        using (var first = Open())
        {
            before = await first.Client.CreateAsync(Some.Credentials(), Token);
        }

        using var second = Open();
        second.Recall([Some.Credentials(), Some.Credentials(name: "new")]);
        var after = await second.Client.FindAsync<Secret>(before.Metadata.NamespacedName, Token);

        Assert.Equal((before.Metadata.Uid, before.Metadata.ResourceVersion), (after?.Metadata.Uid, after?.Metadata.ResourceVersion));
        Assert.Equal(Some.ClientSecret, after!.Data!["clientSecret"].RevealText());
        Assert.Null(await second.Client.FindAsync<Secret>(new("integrations", "new"), Token));
    }

    [Fact]
    public async Task A_credential_that_changed_meanwhile_is_another_one()
    {
        using (var first = Open())
        {
            await first.Client.CreateAsync(Some.Credentials(), Token);
        }

        using var second = Open();
        second.Recall([Some.Credentials("rotated")]);

        Assert.Null(await second.Client.FindAsync<Secret>(Some.Credentials().Metadata.NamespacedName, Token));
    }

    [Fact]
    public async Task A_Secret_that_its_owner_came_to_lend_comes_back_with_the_token()
    {
        var manifest = Some.Credentials();
        using (var first = Open())
        {
            var plain = await first.Client.CreateAsync(manifest, Token);
            await first.Client.ReplaceAsync(
                plain with
                {
                    Metadata = plain.Metadata with { Labels = TokenSecret().Metadata.Labels },
                    Data = new Dictionary<string, SecretValue>(plain.Data!) { ["access_token"] = SecretValue.FromText("t1") },
                },
                Token
            );
        }

        using var second = Open();
        second.Recall([manifest]);
        var lent = await second.Client.FindAsync<Secret>(manifest.Metadata.NamespacedName, Token);

        Assert.Equal("t1", lent!.Data!["access_token"].RevealText());
    }

    [Fact]
    public async Task An_object_that_is_deleted_with_its_owner_is_deleted_on_the_disk_too()
    {
        using (var cluster = Open())
        {
            var owner = await cluster.Client.CreateAsync(Some.VismaConnection(), Token);
            var secret = TokenSecret();
            var reference = new OwnerReference
            {
                ApiVersion = owner.ApiVersion,
                Kind = owner.Kind,
                Name = owner.Metadata.Name,
                Uid = owner.Metadata.Uid!,
                Controller = true,
            };
            await cluster.Client.CreateAsync(
                secret with
                {
                    Metadata = secret.Metadata with { Namespace = owner.Metadata.Namespace, OwnerReferences = [reference] },
                },
                Token
            );

            await cluster.Client.DeleteAsync<VismaConnection>(owner.Metadata.NamespacedName, preconditions: null, Token);
        }

        Assert.Empty(Directory.EnumerateFiles(State, "*.json", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_change_is_on_the_disk_before_it_is_reported()
    {
        var told = new List<bool>();
        using var cluster = new LocalCluster(
            State,
            () => told.Add(Directory.EnumerateFiles(State, "acme-token.json", SearchOption.AllDirectories).Any()),
            time
        );

        await cluster.Client.CreateAsync(TokenSecret(), Token);

        Assert.Equal([true], told);
        Assert.All(
            Directory.EnumerateFiles(State, "*.json", SearchOption.AllDirectories),
            file => Assert.Equal(UnixFiles.PrivateFile, File.GetUnixFileMode(file))
        );
    }

    [Fact]
    public async Task A_damaged_file_is_named_with_the_remedy_and_the_directory_is_free_again()
    {
        using (var cluster = Open())
        {
            await cluster.Client.CreateAsync(TokenSecret(), Token);
        }

        var file = Directory.EnumerateFiles(State, "*.json", SearchOption.AllDirectories).Single();
        await File.WriteAllTextAsync(file, "{\"half\":", Token);

        var failure = Assert.Throws<LocalException>(Open);
        Assert.Equal($"{file} is damaged. Delete it: what it kept is asked for again.", failure.Message);
        File.Delete(file);
        Open().Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"half\":")]
    public async Task A_damaged_grant_is_not_to_be_deleted_but_restored(string content)
    {
        using (var cluster = Open())
        {
            await cluster.Client.CreateAsync(GrantSecret(), Token);
        }

        await File.WriteAllTextAsync(GrantFile, content, Token);

        var failure = Assert.Throws<LocalException>(Open);
        Assert.StartsWith($"{GrantFile} is damaged. ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Restore it from a backup", failure.Message, StringComparison.Ordinal);
        Assert.Contains("consent", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_of_an_interrupted_write_are_deleted_at_the_next_start()
    {
        using (var cluster = Open())
        {
            await cluster.Client.CreateAsync(GrantSecret(), Token);
        }

        File.Copy(GrantFile, GrantFile + ".new");
        File.Copy(GrantFile, folder["state", "secrets", "integrations", "never-was.json.new"]);

        Open().Dispose();

        Assert.Equal([GrantFile], Directory.EnumerateFiles(folder["state", "secrets"], "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_grant_that_is_deleted_leaves_nothing_that_a_write_before_was_cut_off_from()
    {
        using var cluster = Open();
        var secret = await cluster.Client.CreateAsync(GrantSecret(), Token);
        File.Copy(GrantFile, GrantFile + ".new");

        await cluster.Client.DeleteAsync<Secret>(secret.Metadata.NamespacedName, preconditions: null, Token);

        Assert.Empty(Directory.EnumerateFiles(folder["state", "secrets"], "*", SearchOption.AllDirectories));
    }

    private string GrantFile => folder["state", "secrets", "integrations", "acme-visma-grant.json"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Secret GrantSecret() =>
        TokenSecret() with
        {
            Metadata = TokenSecret().Metadata with
            {
                Name = "acme" + AuthorizationSpec.GrantSecretSuffix,
                Labels = new Dictionary<string, string> { [VismaNames.SecretLabel] = VismaNames.GrantSecretValue },
            },
        };

    private static Secret TokenSecret() =>
        new()
        {
            Metadata = new ObjectMeta
            {
                Name = "acme-token",
                Namespace = "integrations",
                Labels = new Dictionary<string, string> { [VismaNames.SecretLabel] = VismaNames.TokenSecretValue },
            },
            Data = new Dictionary<string, SecretValue> { ["access_token"] = SecretValue.FromText("t1") },
        };

    private LocalCluster Open() => new(State, () => { }, time);
}
