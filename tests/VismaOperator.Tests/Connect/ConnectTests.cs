using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using OAuth;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Cli.Connect;
using VismaOperator.Grants;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Connect;

/// <summary>
/// Consent from a terminal: the verb, a person at a browser, the provider's pages, and the operator that redeems the code.
/// </summary>
public sealed class ConnectTests
{
    private const string HandoffName = Some.Connection + "-visma-handoff";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_consent_from_a_terminal_ends_with_a_token_in_the_Secret()
    {
        await using var scene = await ConnectScene.OpenAsync();
        using var person = Person.WhoApproves(scene.Provider);

        var consented = Assert.IsType<ConsentResult.Consented>(await scene.ConnectAsync(person));

        Assert.Equal(SomeConsents.PersonSubject, consented.By);
        Assert.NotNull(consented.ExpirationTime);
        Assert.Contains("<h1>Consent given</h1>", await person.Page, StringComparison.Ordinal);
        await scene.Operator.UntilReadyAsync();
        Assert.Null(await scene.Operator.FindAsync<Secret>(HandoffName));
    }

    [Fact]
    public async Task The_terminal_says_what_to_register_and_shows_no_address_with_a_state()
    {
        await using var scene = await ConnectScene.OpenAsync();
        using var person = Person.WhoApproves(scene.Provider);

        await scene.ConnectAsync(person);

        Assert.Contains(
            $"redirect URI http://localhost:{scene.Options.RedirectUri.Port}/oauth2/callback",
            scene.Output,
            StringComparison.Ordinal
        );
        Assert.Contains($"registered, exactly so, for client {Some.ClientId}", scene.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("state=", scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_browser_the_address_is_printed()
    {
        await using var scene = await ConnectScene.OpenAsync();
        scene.Options = scene.Options with { Browser = BrowserUse.Printed, Timeout = TimeSpan.FromMilliseconds(1) };
        using var person = Person.WhoDoesNothing();

        await scene.ConnectAsync(person);

        Assert.Contains($"{scene.Provider.AuthorizationEndpoint}?response_type=code", scene.Output, StringComparison.Ordinal);
        Assert.False(person.Sent.IsCompleted);
    }

    [Fact]
    public async Task A_denied_consent_is_reported_at_both_ends_and_leaves_nothing()
    {
        await using var scene = await ConnectScene.OpenAsync();
        using var person = Person.WhoDenies(scene.Provider);

        var failed = Assert.IsType<ConsentResult.Failed>(await scene.ConnectAsync(person));

        Assert.Contains("denied at the provider", failed.Message, StringComparison.Ordinal);
        Assert.Contains("<h1>No consent</h1>", await person.Page, StringComparison.Ordinal);
        Assert.DoesNotContain(scene.Operator.Record.Of<Secret>(), secret => secret.Metadata.Name == HandoffName);
    }

    [Fact]
    public async Task Requests_that_are_no_answer_to_ours_do_not_end_the_wait()
    {
        await using var scene = await ConnectScene.OpenAsync();
        var callback = scene.Options.RedirectUri;
        using var person = Person.Who(
            async (person, page) =>
            {
                Assert.Equal(404, (await person.SendAsync(HttpMethod.Get, new Uri(callback, "/favicon.ico"))).Status);
                Assert.Equal(404, (await person.SendAsync(HttpMethod.Post, callback)).Status);
                Assert.Equal(400, (await person.SendAsync(HttpMethod.Get, callback)).Status);
                Assert.Equal(400, (await person.SendAsync(HttpMethod.Get, new Uri($"{callback}?code=stolen&state=another"))).Status);
                Assert.Equal(
                    400,
                    (await person.SendAsync(HttpMethod.Get, new Uri($"{callback}?error=access_denied&state=another"))).Status
                );
                var back = await scene.Provider.ApproveAsync(page, Person.Kari, Some.Tenant, Ct);
                var otherIssuer = new Uri(
                    back.OriginalString.Replace("iss=", "iss=https%3A%2F%2Fother.example&was=", StringComparison.Ordinal)
                );
                Assert.Equal(400, (await person.SendAsync(HttpMethod.Get, otherIssuer)).Status);
                scene.Provider.Faults.Always(Fault.ServerError(), StandInEndpoint.Metadata); // what was promised before still holds
                Assert.Equal(
                    400,
                    (
                        await person.SendAsync(
                            HttpMethod.Get,
                            new Uri(back.OriginalString.Replace("iss=", "was=", StringComparison.Ordinal))
                        )
                    ).Status
                );
                var first = await person.GetAsync(back);
                Assert.Equal(first, await person.GetAsync(back)); // reloaded
                return first;
            }
        );

        Assert.IsType<ConsentResult.Consented>(await scene.ConnectAsync(person));

        Assert.Contains("(the state differs)", scene.Output, StringComparison.Ordinal);
        Assert.Contains("(iss differs)", scene.Output, StringComparison.Ordinal);
        Assert.Contains("(iss is missing)", scene.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("stolen", scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_wait_for_the_person_ends_in_time()
    {
        await using var scene = await ConnectScene.OpenAsync();
        scene.Clock = scene.Operator.Time;
        using var person = Person.WhoDoesNothing();

        var run = scene.ConnectAsync(person);
        await person.Sent;
        await PassAsync(scene, run);

        Assert.StartsWith(
            "Nobody came back from the provider within 5m. ",
            Assert.IsType<ConsentResult.Failed>(await run).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_port_in_use_is_reported_with_the_remedy()
    {
        await using var scene = await ConnectScene.OpenAsync();
        using var other = new TcpListener(IPAddress.Loopback, scene.Options.RedirectUri.Port);
        other.Start();

        var message = await scene.RefusalAsync();

        Assert.Contains(
            $"Port {scene.Options.RedirectUri.Port} of this machine is in use by another program",
            message,
            StringComparison.Ordinal
        );
        Assert.Contains("--port", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_code_that_no_operator_takes_is_deleted_when_it_is_too_old()
    {
        await using var scene = await ConnectScene.OpenAsync();
        await scene.Operator.StopAsync();
        scene.Clock = scene.Operator.Time;
        using var person = Person.WhoApproves(scene.Provider);

        var run = scene.ConnectAsync(person);
        var left = await scene.Operator.UntilAsync<Secret>(HandoffName, _ => true);
        await PassLookByLookAsync(scene, run);

        Assert.Contains("Nobody redeemed the code", Assert.IsType<ConsentResult.Failed>(await run).Message, StringComparison.Ordinal);
        Assert.Contains("Is visma-operator run running?", scene.Output, StringComparison.Ordinal);
        Assert.Equal("VismaConnection", left.Metadata.OwnerReferences!.Single().Kind);
        Assert.Null(await scene.Operator.FindAsync<Secret>(HandoffName));
    }

    [Fact]
    public async Task An_operator_that_starts_later_still_redeems_the_code()
    {
        await using var scene = await ConnectScene.OpenAsync();
        await scene.Operator.StopAsync();
        using var person = Person.WhoApproves(scene.Provider);

        var run = scene.ConnectAsync(person);
        await scene.Operator.UntilAsync<Secret>(HandoffName, _ => true);
        scene.Operator.Start();

        Assert.IsType<ConsentResult.Consented>(await run);
    }

    [Fact]
    public async Task A_consent_for_another_company_is_reported_with_the_reason()
    {
        await using var scene = await ConnectScene.OpenAsync();
        MindNoTenant(scene);
        using var person = Person.WhoApproves(scene.Provider, tenant: Some.OtherTenant);

        var failed = Assert.IsType<ConsentResult.Failed>(await scene.ConnectAsync(person));

        Assert.StartsWith("TenantMismatch: ", failed.Message, StringComparison.Ordinal);
        Assert.Contains("TenantMismatch", await person.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_consent_replaces_the_first_and_one_that_fails_does_not()
    {
        await using var scene = await ConnectScene.OpenAsync();
        using var kari = Person.WhoApproves(scene.Provider);
        using var ola = Person.WhoApproves(scene.Provider, Person.Ola);
        using var wrong = Person.WhoApproves(scene.Provider, tenant: Some.OtherTenant);
        MindNoTenant(scene);
        await scene.ConnectAsync(kari);
        await scene.Operator.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(Person.OlasSubject, Assert.IsType<ConsentResult.Consented>(await scene.ConnectAsync(ola)).By);
        await scene.Operator.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.StartsWith(
            "TenantMismatch: ",
            Assert.IsType<ConsentResult.Failed>(await scene.ConnectAsync(wrong)).Message,
            StringComparison.Ordinal
        );

        Assert.Equal(Person.OlasSubject, (await scene.Operator.ConnectionAsync()).Status.Authorization?.GrantedBy);
    }

    [Fact]
    public async Task A_status_from_before_the_redemption_is_not_reported_as_its_outcome()
    {
        await using var scene = await ConnectScene.OpenAsync();
        await scene.Operator.UntilIdleAsync();
        await scene.Operator.StopAsync();
        using var person = Person.WhoApproves(scene.Provider);
        var run = scene.ConnectAsync(person);
        await scene.Operator.UntilAsync<Secret>(HandoffName, _ => true);

        // As an operator that reports in other words, takes the code, and waits for the provider.
        await ReportAsync(scene, authorized => authorized with { Message = "Nobody has consented yet. Open the link." });
        await scene.Operator.DeleteAsync<Secret>(HandoffName);
        var (looks, lookedTwice) = (0, new TaskCompletionSource());
        scene.Operator.Cluster.Before = (verb, kind, _) =>
        {
            if (verb == ClusterVerb.Get && kind == VismaConnection.ResourceKind && Interlocked.Increment(ref looks) == 2)
            {
                lookedTwice.SetResult();
            }

            return Task.CompletedTask;
        };

        await Task.WhenAny(lookedTwice.Task, run).WaitAsync(TestOperator.Patience, Ct);
        await ReportAsync(
            scene,
            authorized =>
                authorized with
                {
                    Status = "True",
                    Reason = "ConsentGranted",
                    LastTransitionTime = scene.Operator.Time.GetUtcNow(),
                },
            grantedBy: "kari"
        );

        Assert.Equal("kari", Assert.IsType<ConsentResult.Consented>(await run).By);
    }

    [Fact]
    public async Task An_older_code_that_nobody_took_is_replaced()
    {
        await using var scene = await ConnectScene.OpenAsync();
        await scene.Operator.StopAsync();
        var connection = await scene.Operator.ConnectionAsync();
        var old = new ConsentCode(Sensitive.From("old-code"), Sensitive.From("old-verifier"), scene.Options.RedirectUri);
        await scene.Operator.ApplyAsync(HandoffSecret.Render(connection, new Handoff(old, null)));
        using var person = Person.WhoApproves(scene.Provider);

        var run = scene.ConnectAsync(person);
        await scene.Operator.UntilAsync<Secret>(HandoffName, secret => secret.Text("code") != "old-code");
        scene.Operator.Start();

        Assert.IsType<ConsentResult.Consented>(await run);
    }

    [Fact]
    public async Task Stopping_while_the_operator_is_awaited_takes_the_code_back()
    {
        await using var scene = await ConnectScene.OpenAsync();
        await scene.Operator.StopAsync();
        using var stop = new CancellationTokenSource();
        using var person = Person.WhoApproves(scene.Provider);

        var run = scene.ConnectAsync(person, stop.Token);
        await scene.Operator.UntilAsync<Secret>(HandoffName, _ => true);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Null(await scene.Operator.FindAsync<Secret>(HandoffName));
    }

    [Fact]
    public async Task A_code_that_cannot_be_taken_back_is_reported_with_its_Secret()
    {
        await using var scene = await ConnectScene.OpenAsync();
        await scene.Operator.StopAsync();
        using var stop = new CancellationTokenSource();
        using var person = Person.WhoApproves(scene.Provider);

        var run = scene.ConnectAsync(person, stop.Token);
        await scene.Operator.UntilAsync<Secret>(HandoffName, _ => true);
        scene.Operator.Cluster.Before = (verb, _, _) =>
            verb == ClusterVerb.Delete ? throw new HttpRequestException("no route to host") : Task.CompletedTask;
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Contains(
            $"the API server cannot be reached. Delete Secret {Some.Namespace}/{HandoffName} yourself",
            scene.Output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_code_whose_write_got_no_answer_is_found_and_waited_for()
    {
        await using var scene = await ConnectScene.OpenAsync();
        await scene.Operator.StopAsync();
        LoseAnswers(scene, ClusterVerb.Create, () => new IOException("cut"));
        using var person = Person.WhoApproves(scene.Provider);

        var run = scene.ConnectAsync(person);
        await scene.SaidAsync("Waiting for the operator to redeem it");
        scene.Operator.Start();

        Assert.IsType<ConsentResult.Consented>(await run);
    }

    [Fact]
    public async Task Stopping_while_the_code_is_written_takes_it_back()
    {
        await using var scene = await ConnectScene.OpenAsync();
        await scene.Operator.StopAsync();
        using var stop = new CancellationTokenSource();
        LoseAnswers(
            scene,
            ClusterVerb.Create,
            () =>
            {
                stop.Cancel();
                return new OperationCanceledException(stop.Token);
            }
        );
        using var person = Person.WhoApproves(scene.Provider);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scene.ConnectAsync(person, stop.Token));

        Assert.Null(await scene.Operator.FindAsync<Secret>(HandoffName));
    }

    [Theory]
    [InlineData(true, "may have been written all the same: delete it")]
    [InlineData(false, "may have been taken by the operator at once")]
    public async Task A_code_that_may_or_may_not_have_been_written_is_reported_as_such(bool isAway, string told)
    {
        await using var scene = await ConnectScene.OpenAsync();
        await scene.Operator.StopAsync();
        scene.Operator.Cluster.Before = (verb, kind, name) => name.Name == HandoffName && verb == ClusterVerb.Create
            ? GoAway()
            : Task.CompletedTask;
        using var person = Person.WhoApproves(scene.Provider);

        var failure = await Assert.ThrowsAsync<ConnectException>(() => scene.ConnectAsync(person));

        Assert.Contains(told, failure.Message, StringComparison.Ordinal);
        Assert.Contains($"{Some.Namespace}/{HandoffName}", failure.Message, StringComparison.Ordinal);

        Task GoAway()
        {
            scene.Operator.Cluster.Before = isAway ? (_, _, _) => throw new HttpRequestException("no route to host") : null;
            throw new IOException("cut");
        }
    }

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError, "The API server answers 500 InternalError")]
    [InlineData(HttpStatusCode.BadRequest, "could not be written: the API server answers 400 InternalError.")]
    public async Task The_words_of_the_API_server_are_not_shown_since_they_may_quote_the_code(HttpStatusCode code, string told)
    {
        await using var scene = await ConnectScene.OpenAsync();
        await scene.Operator.StopAsync();
        scene.Operator.Cluster.Before = (verb, _, name) => name.Name == HandoffName && verb == ClusterVerb.Create
            ? throw new KubernetesException(code, "InternalError", "webhook: data: {code: aGVsbG8=}")
            : Task.CompletedTask;
        using var person = Person.WhoApproves(scene.Provider);

        var failure = await Assert.ThrowsAsync<ConnectException>(() => scene.ConnectAsync(person));

        Assert.Contains(told, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("aGVsbG8=", failure.Message, StringComparison.Ordinal);
    }

    private static void LoseAnswers(ConnectScene scene, string lost, Func<Exception> failure) =>
        scene.Operator.Cluster.After = (verb, _, name) =>
            verb == lost && name.Name == HandoffName ? throw failure() : Task.CompletedTask;

    // So that the operator is the one who notices.
    private static void MindNoTenant(ConnectScene scene) =>
        scene.Provider.Portal.Set(scene.Provider.Portal.FindClient(Some.ClientId)! with { ComparesTenants = false });

    // The clock runs on, but not away from the verb: in each second it looks whether the code is still there.
    private static async Task PassLookByLookAsync(ConnectScene scene, Task run)
    {
        int Looks() => scene.Operator.Requests.Count(request => request.Verb == ClusterVerb.Get && request.Name.Name == HandoffName);
        while (!run.IsCompleted)
        {
            var before = Looks();
            scene.Operator.Time.Advance(TimeSpan.FromSeconds(1));
            while (!run.IsCompleted && Looks() == before)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>Writes status in the place of the operator.</summary>
    private static async Task ReportAsync(ConnectScene scene, Func<Condition, Condition> change, string? grantedBy = null)
    {
        var connection = await scene.Operator.ConnectionAsync();
        var status = connection.Status with
        {
            Conditions =
            [
                .. connection.Status.Conditions.Select(condition => condition.Type == "Authorized" ? change(condition) : condition),
            ],
            Authorization = new AuthorizationStatus
            {
                GrantedBy = grantedBy,
                GrantTime = grantedBy is null ? null : scene.Operator.Time.GetUtcNow(),
            },
        };
        var patch = new JsonObject
        {
            ["status"] = JsonSerializer.SerializeToNode(connection with { Status = status }, VismaConnection.JsonTypeInfo)![
                "status"
            ]!.DeepClone(),
        };
        await scene.Operator.Cluster.PatchStatusAsync<VismaConnection>(connection.Metadata.NamespacedName, patch, Ct);
    }

    // The clock runs on until the verb has had enough.
    private static async Task PassAsync(ConnectScene scene, Task run)
    {
        while (!run.IsCompleted)
        {
            scene.Operator.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }
}
