using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Cli.Cluster;
using VismaOperator.Cli.Doctor;
using VismaOperator.Clients;

namespace VismaOperator.Cli.Rotate;

/// <summary>
/// The verb <c>rotate</c>: tries a new client secret, adds it to the Secret of the client under a key of its own, and puts it first in
/// <c>spec.clientSecrets</c>. The Secret is written before the client, so that the client never names a key that is not there. Each write
/// needs the version that was read; after a conflict everything is read and decided again.
/// </summary>
/// <param name="options">What was asked for.</param>
/// <param name="client">The API server.</param>
/// <param name="tools">The way to the provider, as <c>doctor</c> has it.</param>
/// <param name="server">Address of the API server, for messages.</param>
/// <param name="output">Standard output.</param>
internal sealed class RotateRun(RotateOptions options, IKubernetesClient client, DoctorTools tools, string server, TextWriter output)
{
    private const int MostTries = 6;

    private const string Nothing = "Nothing was changed.";
    private const string Again = "Run this again with the same secret: it goes on from there.";
    private const string WhenRefused = "It goes on with the old secret, and tries the new one when the provider refuses the old one.";
    private const string OfPeople = $"It spends no consent of a person for a trial. {WhenRefused}";
    private const string AllSuspended = $"Every VismaConnection that could try it is suspended. {WhenRefused}";
    private const string NotSeen = "within a minute if a VismaConnection with the grant ClientCredentials is not suspended (not seen)";

    private readonly ClusterWords words = new(server);
    private readonly RotateLook look = new(options, client, tools, server);
    private string changed = Nothing;

    /// <summary>Runs to the end, without the wait.</summary>
    /// <param name="name">The client.</param>
    /// <param name="value">The new secret.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>What was done; null where the change was only printed.</returns>
    /// <exception cref="RotateException">It could not be done; the message says what was written.</exception>
    public async Task<RotateResult?> RunAsync(NamespacedName name, Sensitive value, CancellationToken stop)
    {
        try
        {
            return await RunToEndAsync(name, value, stop);
        }
        catch (OperationCanceledException stopped) when (stop.IsCancellationRequested)
        {
            throw Ended("Stopped.", stopped);
        }
        catch (RotateException failure)
        {
            throw Ended(failure.Message, failure.InnerException);
        }
    }

    // Whatever ends it says what was written. Running it again is advised only where a request failed.
    private RotateException Ended(string why, Exception? cause) =>
        new($"{why} {changed}{(cause is null || changed == Nothing ? string.Empty : $" {Again}")}", cause);

    private async Task<RotateResult?> RunToEndAsync(NamespacedName name, Sensitive value, CancellationToken stop)
    {
        var (subject, tried) = (await look.ReadAsync(name, value, stop), (RotateTried?)null);
        for (var tries = 1; ; tries++)
        {
            tried ??= await TryAsync(subject, value, stop);
            if (subject.Keepers.Count > 0 && options.Kept == KeptObjects.Printed)
            {
                var told = await ResultAsync(subject, tried, stop);
                var written = changed == Nothing ? "Nothing was written." : changed;
                new RotateText(subject, options, tools.Called).Print(output, written, tried.Words, told.Cautions);
                return null;
            }

            try
            {
                await WriteAsync(subject, value, stop);
                var result = await ResultAsync(subject, tried, stop);
                new RotateText(subject, options, tools.Called).Tell(output, tried.Words, result);
                return result;
            }
            catch (KubernetesException conflict) when (conflict.IsConflict)
            {
                if (tries == MostTries)
                {
                    throw new RotateException(
                        $"Somebody else changes OAuthClient {name} or its Secret all the time: see who, before you run this again.",
                        conflict
                    );
                }

                await output.WriteLineAsync($"Somebody else changed {name} or its Secret meanwhile: both are read again.");
            }

            var again = await look.ReadAsync(name, value, stop);
            if (again.Client.Metadata.Uid != subject.Client.Metadata.Uid)
            {
                throw new RotateException($"OAuthClient {name} was deleted and made again meanwhile: run this again.");
            }

            tried = Application(again.Client.Spec) == Application(subject.Client.Spec) ? tried : null;
            if (again.Plan.IsKeyNew && again.Secret.Metadata.Name == subject.Secret.Metadata.Name)
            {
                changed = Nothing; // somebody has put the Secret back
            }

            subject = again;
        }
    }

    // Whom a trial was made for, and how: that of another application says nothing.
    private static (string?, ClientIdSource?, string, EndpointsSpec?, AuthenticationMethod) Application(OAuthClientSpec spec) =>
        (spec.ClientId, spec.ClientIdFrom, spec.Issuer, spec.Endpoints, spec.AuthenticationMethod);

    // Whether the operator comes to use it by itself, and what is to be seen to before the old one is deleted.
    private async Task<RotateResult> ResultAsync(RotateSubject subject, RotateTried tried, CancellationToken stop)
    {
        var (plan, status) = (subject.Plan, subject.Client.Status);
        var before = status.ClientSecrets?.FirstOrDefault(one => one.Is(plan.Reference));
        var isKnown = !plan.IsKeyNew && before is { Trial: SecretTrial.Accepted or SecretTrial.Refused };
        var stays = isKnown && status.ActiveSecret is { } active && active != plan.Reference
            ? "It has tried this one before, goes on with the one that it uses, and comes to this one when the provider refuses that one."
            : tried.NoTrial;
        return new RotateResult(plan, stays, await CautionsAsync(subject, stop), before) { When = tried.When };
    }

    private async Task<IReadOnlyList<string>> CautionsAsync(RotateSubject subject, CancellationToken stop)
    {
        var (client, old) = (subject.Client.Metadata, subject.Plan.List.Skip(1).Select(entry => entry.SecretKeyRef).ToHashSet());
        if (old.Count == 0)
        {
            return [];
        }

        List<string> cautions = [];
        if (subject.IsAppliedFromFile)
        {
            cautions.Add($"OAuthClient {client.NamespacedName} is applied from a file: write the new list there, or the next apply puts "
                + "the old one back.");
        }

        var (all, failure) = await tools.Source.ListAsync<OAuthClient>(new ResourceSelector(client.Namespace), stop);
        if (failure is not null)
        {
            cautions.Add($"Another OAuthClient in namespace {client.Namespace} may list an old one, too; this was not seen. "
                + failure.Message);
        }

        cautions.AddRange(
            all.Where(one => one.Metadata.Name != client.Name && one.Spec.ClientSecrets.Any(entry => old.Contains(entry.SecretKeyRef)))
                .Select(one => one.Metadata.NamespacedName)
                .OrderBy(one => one.ToString(), StringComparer.Ordinal)
                .Select(one =>
                    $"OAuthClient {one} lists an old one, too. Rotate it first, with the same new secret: {tools.Called} rotate {one}"
                    + options.Source
                )
        );
        return cautions;
    }

    // What it came to, for the person; nobody goes on with a secret that was refused.
    private async Task<RotateTried> TryAsync(RotateSubject subject, Sensitive value, CancellationToken stop)
    {
        var credential = new Credential(subject.Plan.Reference, string.Empty, value, options.Expires);
        var asked = new DoctorOptions { Requests = DoctorRequests.Sent, AllowLists = options.AllowLists };
        var trial = new SecretTry(subject.Client, credential, asked);
        if (options.Trial == RotateTrial.Skipped)
        {
            var (able, gap) = await trial.CandidatesAsync(tools.Source, stop);
            var skipped = new RotateTried("It was not tried (--no-verify).");
            return able.Any(one => !one.Spec.Suspend) ? skipped
                : gap is not null ? skipped with { When = NotSeen }
                : skipped with { NoTrial = able.Count > 0 ? AllSuspended : OfPeople };
        }

        return await trial.RunAsync(tools, stop) switch
        {
            SecretTryOutcome.Accepted accepted => new RotateTried(
                $"The provider accepted it, asked for VismaConnection {accepted.Connection}.",
                accepted.CanOperator ? null : AllSuspended
            ),
            SecretTryOutcome.Refused => throw new RotateException(
                "The provider refused the new client secret (invalid_client). Copy it from the Visma developer portal once more, and see "
                    + $"that it is one of the application that OAuthClient {subject.Client.Metadata.NamespacedName} names."
            ),
            SecretTryOutcome.NobodyCan => new RotateTried(
                "It was not tried: no VismaConnection of this client has the grant ClientCredentials.",
                OfPeople
            ),
            SecretTryOutcome.Unknown unknown => throw new RotateException(
                $"The new client secret could not be tried. {unknown.Cause} To go on without it, add --no-verify."
            ),
            var outcome => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
        };
    }

    private async Task WriteAsync(RotateSubject subject, Sensitive value, CancellationToken stop)
    {
        var (plan, named, holder) = (subject.Plan, subject.Client.Metadata, subject.Secret.Metadata);
        var held = $"The new secret is in Secret {holder.NamespacedName} under the key {plan.Reference.Key}, and";
        if (plan.IsKeyNew)
        {
            var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.Reveal()));
            var patch = new JsonObject { ["data"] = new JsonObject { [plan.Reference.Key] = encoded } };
            var unknown = $"Whether Secret {holder.NamespacedName} was changed is not known, since no clear answer came.";
            await PatchAsync<Secret>(holder, patch, unknown, stop);
            changed = $"{held} the client does not name it.";
        }

        if (plan.IsListNew)
        {
            var patch = new JsonObject { ["spec"] = new JsonObject { ["clientSecrets"] = plan.ListAsJson() } };
            var unknown = $"{held} whether OAuthClient {named.NamespacedName} names it first is not known, since no clear answer came.";
            await PatchAsync<OAuthClient>(named, patch, unknown, stop);
        }

        changed = $"{held} OAuthClient {named.NamespacedName} names it first.";
    }

    // What was changed is not known until there is an answer. One of 5xx is none: the request may have been carried out.
    private async Task PatchAsync<T>(ObjectMeta read, JsonObject patch, string unknown, CancellationToken stop)
        where T : class, IResource<T>
    {
        var (name, kind, before) = (read.NamespacedName, T.ResourceKind, changed);
        patch["metadata"] = new JsonObject { ["resourceVersion"] = read.ResourceVersion };
        changed = unknown;
        try
        {
            await client.PatchAsync<T>(name, patch, stop);
        }
        catch (KubernetesException refused) when (refused.StatusCode < HttpStatusCode.InternalServerError)
        {
            changed = before;
            if (refused.IsConflict)
            {
                throw;
            }

            throw Failed(refused, "could not be changed");
        }
        catch (Exception failure) when (ClusterWords.AreFor(failure))
        {
            throw Failed(failure, "was to be changed");
        }

        RotateException Failed(Exception failure, string what) =>
            new(words.Of(failure, "patch", kind, name.Namespace, $"{kind.Kind} {name} {what}"), failure);
    }
}

/// <summary>What came of the trial before the write.</summary>
/// <param name="Words">That, as a sentence.</param>
/// <param name="NoTrial">Why the operator does not try it by itself, and when it does; null where it tries it at once.</param>
internal sealed record RotateTried(string Words, string? NoTrial = null)
{
    /// <summary>When it tries it, where it does.</summary>
    public string When { get; init; } = "within a minute";
}

/// <summary>What was done, and what that comes to.</summary>
/// <param name="Plan">What was written.</param>
/// <param name="Stays">Why the operator stays with the old secret, and how long; null where it comes to use the new one.</param>
/// <param name="Cautions">What is to be seen to before the old one is deleted at the provider.</param>
/// <param name="Before">What the operator had said of the new one before; null where nothing.</param>
internal sealed record RotateResult(RotatePlan Plan, string? Stays, IReadOnlyList<string> Cautions, ClientSecretStatus? Before)
{
    /// <summary>When the operator tries it, where it does.</summary>
    public required string When { get; init; }
}
