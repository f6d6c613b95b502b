using System.Text;
using Kubernetes.Client.Resources;
using Xunit;

namespace Kubernetes.Client.Contract;

/// <summary>Reading and writing one object.</summary>
public abstract class ObjectContract : ContractSuite
{
    [Fact]
    public async Task A_created_object_gets_identity_version_and_time()
    {
        var created = await CreateAsync(SecretNamed("one", ("key", "value")));

        Assert.NotEqual(string.Empty, created.Metadata.Uid ?? string.Empty);
        Assert.NotEqual(string.Empty, created.Metadata.ResourceVersion ?? string.Empty);
        Assert.NotNull(created.Metadata.CreationTimestamp);
        Assert.Equal(created.Metadata.Uid, (await GetAsync<Secret>("one")).Metadata.Uid);
        Assert.Equal("value", (await GetAsync<Secret>("one")).Data!["key"].RevealText());
    }

    [Fact]
    public async Task Nothing_is_found_where_nothing_is() => Assert.Null(await FindAsync<Secret>("absent"));

    [Fact]
    public async Task A_second_object_of_the_same_name_is_refused()
    {
        await CreateAsync(SecretNamed("one"));

        var refused = await RefusedAsync(() => CreateAsync(SecretNamed("one")));

        Assert.True(refused.IsAlreadyExists);
        Assert.False(refused.IsConflict);
    }

    [Theory]
    [InlineData("No_Name")]
    [InlineData("-one")]
    [InlineData("one-.two")]
    [InlineData("one..two")]
    [InlineData("one.")]
    [InlineData("one\n")]
    public async Task A_name_that_is_no_dns_name_is_refused(string name) =>
        Assert.True((await RefusedAsync(() => CreateAsync(SecretNamed(name)))).IsInvalid);

    [Theory]
    [InlineData("of a key")]
    [InlineData("")]
    [InlineData("key\n")]
    public async Task A_key_that_no_file_could_have_is_refused(string key) =>
        Assert.True((await RefusedAsync(() => CreateAsync(SecretNamed("one", (key, "x"))))).IsInvalid);

    [Fact]
    public async Task A_replaced_object_gets_a_new_version_and_keeps_its_identity()
    {
        var created = await CreateAsync(WidgetNamed("one", size: 1));

        var replaced = await Client.ReplaceAsync(created with { Spec = new WidgetSpec { Size = 2 } }, Cancellation);

        Assert.Equal(2, replaced.Spec.Size);
        Assert.Equal(created.Metadata.Uid, replaced.Metadata.Uid);
        Assert.Equal(created.Metadata.CreationTimestamp, replaced.Metadata.CreationTimestamp);
        Assert.NotEqual(created.Metadata.ResourceVersion, replaced.Metadata.ResourceVersion);
    }

    [Fact]
    public async Task Replacing_an_older_version_is_a_conflict()
    {
        var created = await CreateAsync(WidgetNamed("one", size: 1));
        await Client.ReplaceAsync(created with { Spec = new WidgetSpec { Size = 2 } }, Cancellation);

        var refused = await RefusedAsync(() => Client.ReplaceAsync(created with { Spec = new WidgetSpec { Size = 3 } }, Cancellation));

        Assert.True(refused.IsConflict);
        Assert.False(refused.IsAlreadyExists);
        Assert.Equal(2, (await GetAsync<Widget>("one")).Spec.Size);
    }

    [Fact]
    public async Task Replacing_a_later_object_of_the_same_name_is_a_conflict()
    {
        var first = await CreateAsync(SecretNamed("one"));
        await DeleteAsync<Secret>("one");
        await CreateAsync(SecretNamed("one"));

        var refused = await RefusedAsync(() =>
            Client.ReplaceAsync(
                SecretNamed("one") with
                {
                    Metadata = new ObjectMeta
                    {
                        Name = "one",
                        Namespace = Namespace,
                        Uid = first.Metadata.Uid,
                    },
                },
                Cancellation
            )
        );

        Assert.True(refused.IsConflict);
    }

    [Fact]
    public async Task Replacing_what_does_not_exist_is_not_found() =>
        Assert.True((await RefusedAsync(() => Client.ReplaceAsync(SecretNamed("absent"), Cancellation))).IsNotFound);

    [Fact]
    public async Task A_custom_resource_is_not_replaced_without_its_version()
    {
        await CreateAsync(WidgetNamed("one"));

        Assert.True((await RefusedAsync(() => Client.ReplaceAsync(WidgetNamed("one", size: 2), Cancellation))).IsInvalid);
    }

    [Fact]
    public async Task A_secret_is_replaced_without_its_version()
    {
        await CreateAsync(SecretNamed("one", ("key", "old")));

        var replaced = await Client.ReplaceAsync(SecretNamed("one", ("key", "new")), Cancellation);

        Assert.Equal("new", replaced.Data!["key"].RevealText());
    }

    [Fact]
    public async Task A_write_that_changes_nothing_makes_no_new_version()
    {
        var created = await CreateAsync(WidgetNamed("one", size: 1));

        var patched = await PatchAsync<Widget>("one", """{"spec":{"size":1}}""");

        Assert.Equal(created.Metadata.ResourceVersion, patched.Metadata.ResourceVersion);
    }

    [Fact]
    public async Task A_merge_patch_merges_and_removes()
    {
        await CreateAsync(WidgetNamed("one") with { Spec = new WidgetSpec { Size = 1, Color = "red" } });

        var patched = await PatchAsync<Widget>("one", """{"metadata":{"annotations":{"a":"b"}},"spec":{"size":2,"color":null}}""");

        Assert.Equal(new WidgetSpec { Size = 2 }, patched.Spec);
        Assert.Equal("b", patched.Metadata.Annotation("a"));
    }

    [Fact]
    public async Task A_merge_patch_of_an_older_version_is_a_conflict()
    {
        var created = await CreateAsync(WidgetNamed("one"));
        await PatchAsync<Widget>("one", """{"spec":{"size":2}}""");

        var refused = await RefusedAsync(() =>
            PatchAsync<Widget>("one", $$$"""{"metadata":{"resourceVersion":"{{{created.Metadata.ResourceVersion}}}"},"spec":{"size":3}}""")
        );

        Assert.True(refused.IsConflict);
    }

    [Fact]
    public async Task A_merge_patch_of_what_does_not_exist_is_not_found() =>
        Assert.True((await RefusedAsync(() => PatchAsync<Widget>("absent", """{"spec":{"size":2}}"""))).IsNotFound);

    [Fact]
    public async Task The_generation_counts_changes_of_the_spec_only()
    {
        var created = await CreateAsync(WidgetNamed("one"));
        var labelled = await PatchAsync<Widget>("one", """{"metadata":{"labels":{"a":"b"}}}""");
        var reported = await PatchStatusAsync<Widget>("one", """{"status":{"phase":"Done"}}""");
        var respecified = await PatchAsync<Widget>("one", """{"spec":{"size":2}}""");

        Assert.Equal([1L, 1, 1, 2], new[] { created, labelled, reported, respecified }.Select(widget => widget.Metadata.Generation ?? 0));
    }

    [Fact]
    public async Task A_status_is_written_through_its_subresource_only()
    {
        var created = await CreateAsync(WidgetNamed("one", size: 1) with { Status = new WidgetStatus { Phase = "Invented" } });
        var replaced = await Client.ReplaceAsync(created with { Status = new WidgetStatus { Phase = "Invented" } }, Cancellation);
        var patched = await PatchAsync<Widget>("one", """{"status":{"phase":"Invented"}}""");
        var reported = await PatchStatusAsync<Widget>("one", """{"spec":{"size":9},"status":{"phase":"Done"}}""");

        Assert.Null(created.Status);
        Assert.Null(replaced.Status);
        Assert.Null(patched.Status);
        Assert.Equal("Done", reported.Status?.Phase);
        Assert.Equal(1, reported.Spec.Size);
    }

    [Fact]
    public async Task A_status_survives_a_replace_that_leaves_it_out()
    {
        await CreateAsync(WidgetNamed("one", size: 1));
        var reported = await PatchStatusAsync<Widget>("one", """{"status":{"phase":"Done"}}""");

        var replaced = await Client.ReplaceAsync(reported with { Spec = new WidgetSpec { Size = 2 }, Status = null }, Cancellation);

        Assert.Equal("Done", replaced.Status?.Phase);
    }

    [Fact]
    public async Task A_status_patch_removes_members_that_are_null()
    {
        await CreateAsync(WidgetNamed("one"));
        await PatchStatusAsync<Widget>("one", """{"status":{"phase":"Done","note":"gone soon"}}""");

        var reported = await PatchStatusAsync<Widget>("one", """{"status":{"note":null}}""");

        Assert.Equal(new WidgetStatus { Phase = "Done" }, reported.Status);
    }

    [Fact]
    public async Task A_status_patch_of_a_known_object_answers_it_as_it_then_is()
    {
        var created = await CreateAsync(WidgetNamed("one"));
        var patch = $$$"""{"metadata":{"resourceVersion":"{{{created.Metadata.ResourceVersion}}}"},"status":{"phase":"Done"}}""";

        var wanted = created with { Status = new WidgetStatus { Phase = "Done" } };
        var reported = await Client.PatchStatusAsync(wanted, Encoding.UTF8.GetBytes(patch), Cancellation);

        Assert.NotEqual(created.Metadata.ResourceVersion, reported.Metadata.ResourceVersion);
        Assert.Equal(await GetAsync<Widget>("one"), reported);
        var late = await RefusedAsync(() => Client.PatchStatusAsync(wanted, Encoding.UTF8.GetBytes(patch), Cancellation));
        Assert.True(late.IsConflict);
    }

    [Fact]
    public async Task A_status_patch_of_an_older_version_is_a_conflict()
    {
        var created = await CreateAsync(WidgetNamed("one"));
        await PatchStatusAsync<Widget>("one", """{"status":{"phase":"Done"}}""");

        var refused = await RefusedAsync(() =>
            PatchStatusAsync<Widget>(
                "one",
                $$$"""{"metadata":{"resourceVersion":"{{{created.Metadata.ResourceVersion}}}"},"status":{"phase":"Late"}}"""
            )
        );

        Assert.True(refused.IsConflict);
    }

    [Fact]
    public async Task The_type_of_a_secret_never_changes()
    {
        var created = await CreateAsync(SecretNamed("one") with { Type = "example.com/first" });

        var refused = await RefusedAsync(() => Client.ReplaceAsync(created with { Type = "example.com/second" }, Cancellation));

        Assert.True(refused.IsInvalid);
    }

    [Fact]
    public async Task An_immutable_secret_keeps_its_content_but_not_its_metadata()
    {
        await CreateAsync(SecretNamed("one", ("key", "value")) with { Immutable = true });

        var content = await RefusedAsync(() => PatchAsync<Secret>("one", """{"data":{"key":"b3RoZXI="}}"""));
        var mutable = await RefusedAsync(() => PatchAsync<Secret>("one", """{"immutable":false}"""));
        var labelled = await PatchAsync<Secret>("one", """{"metadata":{"labels":{"a":"b"}}}""");

        Assert.True(content.IsInvalid);
        Assert.True(mutable.IsInvalid);
        Assert.Equal("b", labelled.Metadata.Label("a"));
    }

    [Fact]
    public async Task No_refusal_of_a_secret_repeats_its_content()
    {
        await CreateAsync(SecretNamed("one", ("key", "h1dden-c0ntent")) with { Immutable = true });

        var refused = await RefusedAsync(() => Client.ReplaceAsync(SecretNamed("one", ("key", "0ther-h1dden")), Cancellation));

        Assert.DoesNotContain("h1dden", refused.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String("0ther-h1dden"u8), refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metadata_is_read_without_content_and_never_written()
    {
        var created = await CreateAsync(
            SecretNamed("one", ("key", "value")) with
            {
                Metadata = new ObjectMeta
                {
                    Name = "one",
                    Namespace = Namespace,
                    Labels = new Dictionary<string, string> { ["a"] = "b" },
                },
            }
        );

        var metadata = await GetAsync<SecretMetadata>("one");

        Assert.Equal(created.Metadata.Uid, metadata.Metadata.Uid);
        Assert.Equal("b", metadata.Metadata.Label("a"));
        await Assert.ThrowsAsync<NotSupportedException>(() => Client.ReplaceAsync(metadata, Cancellation));
    }

    [Fact]
    public async Task A_request_without_name_or_namespace_is_a_mistake_of_the_caller()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Client.FindAsync<Secret>(Named(string.Empty), Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() =>
            Client.DeleteAsync<Secret>(NamespacedName.ClusterScoped("one"), null, Cancellation)
        );
        await Assert.ThrowsAsync<ArgumentException>(() =>
            Client.CreateAsync(new Secret { Metadata = new ObjectMeta { Name = "one" } }, Cancellation)
        );
        await Assert.ThrowsAsync<ArgumentException>(() => Client.FindAsync<Namespace>(Named("one"), Cancellation));
    }

    [Fact]
    public async Task A_lease_keeps_its_times_to_the_microsecond()
    {
        var renewed = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero).AddTicks(1_234_560);
        var lease = new Lease
        {
            Metadata = new ObjectMeta { Name = "one", Namespace = Namespace },
            Spec = new LeaseSpec { HolderIdentity = "me", LeaseDurationSeconds = 15, AcquireTime = renewed, RenewTime = renewed },
        };

        await CreateAsync(lease);

        Assert.Equal(lease.Spec, (await GetAsync<Lease>("one")).Spec);
    }
}
