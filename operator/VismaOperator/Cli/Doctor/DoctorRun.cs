using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using VismaOperator.Api;
using VismaOperator.Cli.Status;

namespace VismaOperator.Cli.Doctor;

/// <summary>The verb <c>doctor</c>: finds the connections, or the set, that are meant, walks the chain for each, prints.</summary>
internal sealed class DoctorRun(DoctorOptions options, DoctorTools tools, StatusScreen screen)
{
    /// <summary>Runs to the end.</summary>
    /// <param name="names">The connections.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="DoctorException">A connection cannot be read.</exception>
    public async Task<IReadOnlyList<DoctorReport>> RunAsync(IReadOnlyList<NamespacedName> names, CancellationToken stop)
    {
        List<DoctorReport> reports = [];
        var view = new DoctorView(options, screen);
        foreach (var name in names)
        {
            var subject = options.Kind == VismaConnectionSet.ResourceKind
                ? SetLinks.CaseOf(await FindAsync<VismaConnectionSet>(name, stop), options, tools)
                : new DoctorCase(await FindAsync<VismaConnection>(name, stop), options, tools);
            view.Begin(subject);
            reports.Add(await DoctorChain.WalkAsync(subject, view.Tell, stop));
            view.End(reports[^1]);
        }

        view.End(reports);
        return reports;
    }

    // An API server that does not know the kind finds none of it; a list says so.
    private async Task<T> FindAsync<T>(NamespacedName name, CancellationToken stop)
        where T : class, IResource<T>
    {
        var look = await tools.Source.FindAsync<T>(name, stop);
        if (look.Found is { } found)
        {
            return found;
        }

        var failure = look.Failure;
        if (failure is null && options.Kind == VismaConnectionSet.ResourceKind)
        {
            var listed = (await tools.Source.ListAsync<T>(ResourceSelectors.ByName(name), stop)).Failure;
            failure = listed is { Reason: DoctorReason.Forbidden } ? null : listed;
        }

        throw new DoctorException(
            failure?.Message
                ?? $"There is no {T.ResourceKind.Kind} {name} in {tools.Source.Name}. {await InsteadAsync(name, stop)}"
        );
    }

    // What is there of the name instead. Who may not read it is told what there is to see.
    private async Task<string> InsteadAsync(NamespacedName name, CancellationToken stop)
    {
        var all = $"See what there is: {tools.Called} status -A";
        if (options.Kind == VismaConnectionSet.ResourceKind || !tools.Source.IsCluster)
        {
            return all;
        }

        var secret = new NamespacedName(name.Namespace, name.Name + AuthorizationSpec.GrantSecretSuffix);
        var grant = (await tools.Source.FindAsync<SecretMetadata>(secret, stop)).Found?.Metadata;
        return grant?.Label(VismaNames.SecretLabel) == VismaNames.GrantSecretValue
                ? $"Secret {secret} is that of a grant for it. If the grant was moved here, create the connection: "
                    + $"{ConsentLinks.Guide}, step 4. If it was moved away from here and is used there, delete the Secret: step 5."
            : (await tools.Source.FindAsync<VismaConnectionSet>(name, stop)).Found is not null
                ? $"There is a set of connections of that name: {tools.Called} doctor vcs/{name.Name} -n {name.Namespace}"
                    + $"{options.Source}"
            : all;
    }
}
