using System.Runtime.InteropServices;
using VismaConnect.StandIn;
using VismaOperator.Demo;

// The stand-in, the operator over examples/quickstart, and what happens: see Play. Run it by `make demo`.
const string QuickstartIssuer = "http://127.0.0.1:18088";
var repository = Path.GetFullPath(args.Length > 0 ? args[0] : ".");
var folder = Path.Combine(repository, "artifacts", "demo");
var time = TimeProvider.System;
using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

if (Directory.Exists(folder))
{
    Directory.Delete(folder, recursive: true);
}

Directory.CreateDirectory(folder);
await using var visma = await VismaConnectStandIn.StartAsync(
    new StandInOptions
    {
        Clients = [new StandInClient("isv_acme") { Secrets = [new StandInSecret("quickstart-only")] }],
        Tenants = [new StandInTenant("5f2c1a3e-7b64-4d0a-9c55-0f6a8f0f1a01")],
        AccessTokenLifetime = TimeSpan.FromSeconds(20),
    },
    stop.Token);
var issuer = new Uri(visma.Url.OriginalString.TrimEnd('/'));
var manifests = CopyManifests();
var kubeconfig = Environment.GetEnvironmentVariable("DEMO_KUBECONFIG");
IStage stage = string.IsNullOrEmpty(kubeconfig)
    ? new LocalStage(folder, manifests, issuer)
    : new ClusterStage(kubeconfig, Path.Combine(repository, "crds"), manifests, issuer);
Console.WriteLine($"A stand-in of Visma Connect listens on {issuer.OriginalString}; its tokens live for 20 s.");
Console.WriteLine($"The operator runs over examples/quickstart, in {stage.Description}.");
var words = stage.OperatorArguments.Select(word => Path.IsPathRooted(word) ? Path.GetRelativePath(repository, word) : word);
Console.WriteLine($"    visma-operator {string.Join(' ', words)}");

try
{
    await stage.PrepareAsync(stop.Token);
    await using var running = OperatorProcess.Start(stage.OperatorArguments, Path.Combine(folder, "operator.log"));
    var play = new Play(stage, visma, running, time);
    await play.RunAsync(stop.Token);
    if (Environment.GetEnvironmentVariable("STAY") is "1")
    {
        await play.StayAsync(stop.Token);
    }
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    // Ctrl+C.
}
catch (Exception failure) when (failure is DemoFailedException or HttpRequestException)
{
    Console.WriteLine($"{Environment.NewLine}FAILED: {failure.Message}");
    return 1;
}
finally
{
    await CleanUpAsync();
    (stage as IDisposable)?.Dispose();
}

Console.WriteLine(
    $"{Environment.NewLine}Done. The log of the operator: {Path.GetRelativePath(repository, Path.Combine(folder, "operator.log"))}"
);
return 0;

// What went wrong before is what the audience should read, not that nothing could be taken away.
async Task CleanUpAsync()
{
    try
    {
        await stage.CleanUpAsync(CancellationToken.None);
    }
    catch (Exception exception) when (exception is HttpRequestException or DemoFailedException)
    {
        Console.WriteLine($"Nothing could be taken away: {exception.Message}");
    }
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}

// The stand-in takes a free port, so that two demos can run; the copy of the manifests names it.
string CopyManifests()
{
    var copy = Path.Combine(folder, "manifests");
    Directory.CreateDirectory(copy);
    foreach (var file in Directory.EnumerateFiles(Path.Combine(repository, "examples", "quickstart"), "*.yaml"))
    {
        var text = File.ReadAllText(file).Replace(QuickstartIssuer, issuer.OriginalString, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(copy, Path.GetFileName(file)), text);
    }

    return copy;
}
