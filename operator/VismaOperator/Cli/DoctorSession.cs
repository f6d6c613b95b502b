using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Access;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Doctor;
using VismaOperator.Hosting;
using VismaOperator.Local;
using VismaOperator.Manifests;
using VismaOperator.Probing;
using ManifestObjects = VismaOperator.Cli.Doctor.ManifestObjects;

namespace VismaOperator.Cli;

/// <summary>One run of <c>doctor</c>: what it consists of is constructed here.</summary>
internal sealed class DoctorSession(DoctorOptions options, CommandContext process)
{
    /// <summary>Runs to the end; the answer is the exit code.</summary>
    public Task<int> RunAsync(CancellationToken stop) =>
        options.State is { } state ? OverStateAsync(Path.GetFullPath(state), stop)
        : options.Manifests is { } manifests ? OverManifestsAsync(manifests, stop)
        : InClusterAsync(stop);

    private async Task<int> InClusterAsync(CancellationToken stop)
    {
        const string Otherwise = $"{ClusterConnection.OrState}, or manifests: -f DIR";
        await using var cluster = ClusterConnection.Open(options.Source, process.Time, Otherwise);
        var name = new NamespacedName(options.Namespace ?? cluster.Namespace, options.Name!);
        return await RunAsync(new ClusterObjects(cluster.Client, cluster.Server), [name], stop);
    }

    private async Task<int> OverStateAsync(string state, CancellationToken stop)
    {
        if (!StateDirectory.IsOne(state))
        {
            throw new DoctorException(
                $"--state {state} is no state directory: name the one that visma-operator local was started with, or correct the path."
            );
        }

        var objects = new StateObjects(state, options.Manifests is { } manifests ? await ObjectsAsync(manifests, stop) : null);
        return await RunAsync(objects, Wanted(objects.Connections(Tell), [state]), stop);
    }

    private async Task<int> OverManifestsAsync(ManifestSource manifests, CancellationToken stop)
    {
        var objects = await ObjectsAsync(manifests, stop);
        return await RunAsync(objects, Wanted(objects.Connections, manifests.Paths), stop);
    }

    private async Task<ManifestObjects> ObjectsAsync(ManifestSource manifests, CancellationToken stop)
    {
        var objects = new ManifestObjects(await ReadAsync(manifests, stop), options.AllowLists, process.Time) { Called = process.Called };
        foreach (var problem in objects.Unread)
        {
            Tell(problem);
        }

        return objects;
    }

    private void Tell(string problem) => process.Error.WriteLine($"{Product.Name}: {TerminalText.Printable(problem)}");

    private List<NamespacedName> Wanted(IReadOnlyList<NamespacedName> connections, IEnumerable<string> places)
    {
        var wanted = connections
            .Where(name =>
                (options.Name is null || name.Name == options.Name)
                && (options.Namespace is null || name.Namespace == options.Namespace)
            )
            .ToList();
        return wanted.Count > 0
            ? wanted
            : throw new DoctorException(
                $"There is no VismaConnection{(options.Name is { } name ? $" {name}" : string.Empty)}"
                    + $"{(options.Namespace is { } ns ? $" in namespace {ns}" : string.Empty)} in "
                    + $"{string.Join(", ", places)}. Name the folder that holds it."
            );
    }

    private static async Task<ManifestSet> ReadAsync(ManifestSource manifests, CancellationToken stop)
    {
        try
        {
            // Runs on another thread and is abandoned on stop: reading may block.
            return await Task.Run(() => ManifestReader.Read(manifests, stop), stop).WaitAsync(stop);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DoctorException(failure.Message, failure);
        }
    }

    private async Task<int> RunAsync(IDoctorSource source, IReadOnlyList<NamespacedName> names, CancellationToken stop)
    {
        using var providers = new OAuthEndpoints(options.AllowLists, process.Time);
        using var api = ApiProbe.CreateClient(options.AllowLists, OAuthEndpoints.Options(process.Variable));
        var proxy = ProxyChoice.FromEnvironment(process.Variable);
        var tools = new DoctorTools
        {
            Source = source,
            Providers = providers,
            Probe = new ApiProbe(api, options.AllowLists, process.Time),
            Resolve = Dns.GetHostAddressesAsync,
            ProxyOf = proxy.GetProxy,
            Time = process.Time,
            Called = process.Called,
        };
        var reports = await new DoctorRun(options, tools, process.Screen).RunAsync(names, stop);
        return reports.Any(report => report.Broken) ? ExitCode.Failure : ExitCode.Success;
    }
}
