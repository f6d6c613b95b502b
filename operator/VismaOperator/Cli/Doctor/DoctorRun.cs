using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Cli.Status;

namespace VismaOperator.Cli.Doctor;

/// <summary>The verb <c>doctor</c>: finds the connections that are meant, walks the chain for each, prints.</summary>
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
            var subject = new DoctorCase(await FindAsync(name, stop), options, tools);
            view.Begin(subject);
            reports.Add(await DoctorChain.WalkAsync(subject, view.Tell, stop));
            view.End(reports[^1]);
        }

        view.End(reports);
        return reports;
    }

    private async Task<VismaConnection> FindAsync(NamespacedName name, CancellationToken stop)
    {
        var look = await tools.Source.FindAsync<VismaConnection>(name, stop);
        return look.Found
            ?? throw new DoctorException(
                look.Failure?.Message
                    ?? $"There is no VismaConnection {name} in {tools.Source.Name}. See what there is: {tools.Called} status -A"
            );
    }
}
