using System.Globalization;
using System.Runtime.InteropServices;
using Importer;

// Importer FOLDER [PATH [INTERVAL]]: calls the ERP API with the token in FOLDER, a mounted Secret or a folder of `visma-operator local`.
// With an interval (00:05:00) it goes on until it is told to end.
var folder = args.Length > 0 ? args[0] : "/var/run/visma";
var path = args.Length > 1 ? args[1] : "/dimension";

using var stop = new CancellationTokenSource();
using var signal = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
{
    context.Cancel = true;
    stop.Cancel();
});
using var http = new HttpClient(new TokenFolderHandler(folder) { InnerHandler = new SocketsHttpHandler() });

if (args.Length <= 2)
{
    return await CallAsync() ? 0 : 1;
}

using var timer = new PeriodicTimer(TimeSpan.Parse(args[2], CultureInfo.InvariantCulture));
try
{
    do
    {
        await CallAsync();
    }
    while (await timer.WaitForNextTickAsync(stop.Token));
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    // Told to end.
}

return 0;

async Task<bool> CallAsync()
{
    try
    {
        var baseUrl = await File.ReadAllTextAsync(Path.Combine(folder, "base_url"), stop.Token);
        using var response = await http.GetAsync(new Uri(baseUrl + path), stop.Token);
        Console.WriteLine($"{(int)response.StatusCode} {response.ReasonPhrase}");
        Console.WriteLine(await response.Content.ReadAsStringAsync(stop.Token));
        return response.IsSuccessStatusCode;
    }
    catch (Exception exception) when (exception is HttpRequestException or IOException or UnauthorizedAccessException || (exception is TaskCanceledException && !stop.IsCancellationRequested))
    {
        // The API cannot be reached or does not answer in time, or the token is not there yet: the next call may do better.
        Console.Error.WriteLine(exception.Message);
        return false;
    }
}
