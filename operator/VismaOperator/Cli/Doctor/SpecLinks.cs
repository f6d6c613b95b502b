using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Status;
using VismaOperator.Clients;

namespace VismaOperator.Cli.Doctor;

/// <summary>What is written: the connection, and the client that it names.</summary>
internal static class SpecLinks
{
    /// <summary>The spec keeps the rules, and asks for anything to be done.</summary>
    public static Task<LinkFinding> ConnectionAsync(DoctorCase subject, CancellationToken stop)
    {
        var connection = subject.Connection;
        var errors = VismaConnectionRules.Check(connection, subject.Options.AllowLists);
        // The operator renews the token of a stored object all the same. As a manifest it would be refused.
        var ofProbe = subject.Source.HasStatus ? errors.Where(ProbeRules.IsOfProbe).ToList() : [];
        return Task.FromResult(
            Objection(subject, VismaConnection.ResourceKind, subject.Name)
                ?? Objection(subject, "VismaConnection", subject.Name, [.. errors.Except(ofProbe)])
                ?? connection switch
                {
                    { Metadata.DeletionTimestamp: not null } => LinkFinding.Warning(
                        StatusReason.Terminating,
                        $"VismaConnection {subject.Name} is being deleted: nothing is renewed any more."
                    ),
                    { Spec.Suspend: true } => LinkFinding.Warning(
                        Reason.Suspended,
                        "spec.suspend is true: nothing is renewed. Set it to false to have the token renewed again."
                    ),
                    _ when ofProbe is [var first, ..] => LinkFinding.Warning(
                        first.Reason,
                        $"{first.Path}: {first.Message}. Until it is corrected, the API is not asked. The token is renewed all the same."
                    ),
                    _ => LinkFinding.Ok($"The spec is valid. Grant {connection.Spec.Grant}, API {connection.Spec.EffectiveBaseUrl()}."),
                }
        );
    }

    /// <summary>The client exists, keeps the rules, and serves this connection.</summary>
    public static async Task<LinkFinding> ClientAsync(DoctorCase subject, CancellationToken stop)
    {
        var name = subject.Connection.ClientName();
        var look = await subject.Source.FindAsync<OAuthClient>(name, stop);
        if (look.Found is not { } client)
        {
            return Missing(subject, name, look.Failure);
        }

        subject.Client = client;
        var home = subject.Name.Namespace;
        if (Objection(subject, "OAuthClient", name, OAuthClientRules.Check(client.Spec, subject.Options.AllowLists)) is { } objection)
        {
            subject.Client = null; // nothing that it names is contacted
            return Objection(subject, OAuthClient.ResourceKind, name) ?? objection;
        }

        return Objection(subject, OAuthClient.ResourceKind, name)
            ?? await AllowanceAsync(subject, client, stop) switch
            {
                Allowance.Unknown => LinkFinding.Unknown(
                    DoctorReason.Forbidden,
                    $"Whether OAuthClient {name} allows namespace {home} depends on the labels of that namespace, which could not be read."
                ),
                Allowance.Given when !ClientResolver.IsTenantAllowed(client.Spec.Tenants, subject.Connection) => LinkFinding.Broken(
                    Reason.TenantNotAllowed,
                    $"OAuthClient {name} does not serve tenant {subject.Connection.Spec.TenantId ?? "(none)"} with these scopes to "
                        + $"namespace {home}. Ask its owner to add the combination to spec.tenants."
                ),
                Allowance.Given when client.Metadata.DeletionTimestamp is null =>
                    LinkFinding.Ok($"OAuthClient {name} serves this connection. Issuer {client.Spec.Issuer}."),
                Allowance.Given => LinkFinding.Broken(Reason.ClientNotAvailable, $"OAuthClient {name} is being deleted. Create another."),
                _ => LinkFinding.Broken(
                    Reason.ClientNotAvailable,
                    $"OAuthClient {name} does not allow namespace {home}. Add the namespace to its spec.allowedNamespaces."
                ),
            };
    }

    private static LinkFinding Missing(DoctorCase subject, NamespacedName name, Problem? failure) =>
        (failure, subject.Source.IsCluster) switch
        {
            ({ } cause, _) => LinkFinding.Unknown(cause),
            (_, true) => LinkFinding.Broken(
                Reason.ClientNotAvailable,
                $"OAuthClient {name} does not exist. Apply it, or correct spec.oauthClientRef."
            ),
            _ => LinkFinding.Unknown(
                DoctorReason.NotFound,
                $"OAuthClient {name} is not among the manifests. Name its file with another -f, or correct spec.oauthClientRef."
            ),
        };

    // As it is written: what the API server would refuse.
    private static LinkFinding? Objection(DoctorCase subject, ResourceKind kind, NamespacedName name)
    {
        var problems = subject.Source.ProblemsOf(kind, name);
        return problems.Count == 0
            ? null
            : LinkFinding.Broken(
                problems[0].Reason,
                $"{problems[0].Message}{(problems.Count > 1 ? $", and {problems.Count - 1} more" : string.Empty)}. All of them: "
                    + $"{subject.Tools.Called} check{subject.Options.Files}"
            );
    }

    private static LinkFinding? Objection(DoctorCase subject, string kind, NamespacedName name, IReadOnlyList<FieldError> errors)
    {
        if (errors is not [var first, ..])
        {
            return null;
        }

        var words = $"{kind} {name}: {first.Path}: {first.Message}.";
        if (!DependsOnOptions(first.Reason))
        {
            return LinkFinding.Broken(first.Reason, words);
        }

        // The operator may have other options than this process; what it thinks of the host stands in its status.
        var message = $"By the options of {subject.Tools.Called} doctor: {words} Give it the options that the operator has.";
        return subject.Source.HasStatus ? LinkFinding.Unknown(first.Reason, message) : LinkFinding.Broken(first.Reason, message);
    }

    /// <summary>True for what the administrator allows by options.</summary>
    public static bool DependsOnOptions(string reason) =>
        reason is Reason.IssuerNotAllowed or Reason.ApiHostNotAllowed or Reason.InsecureUrl;

    private static async Task<Allowance> AllowanceAsync(DoctorCase subject, OAuthClient client, CancellationToken stop)
    {
        var home = subject.Name.Namespace;
        var found = ClientResolver.DoLabelsDecide(client, home)
            ? (await subject.Source.FindAsync<Namespace>(NamespacedName.ClusterScoped(home), stop)).Found
            : null;
        return ClientResolver.AllowanceOf(client, home, found is null ? new NamespaceLabels.Unreadable() : NamespaceLabels.Of(found));
    }
}
