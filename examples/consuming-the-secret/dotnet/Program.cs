using Importer;

// Importer FOLDER [PATH]: calls the ERP API with the token in FOLDER, a mounted Secret or a folder of `visma-operator local`.
var folder = args.Length > 0 ? args[0] : "/var/run/visma";
var path = args.Length > 1 ? args[1] : "/dimension";

using var http = new HttpClient(new TokenFolderHandler(folder) { InnerHandler = new SocketsHttpHandler() });
var baseUrl = await File.ReadAllTextAsync(Path.Combine(folder, "base_url"));
using var response = await http.GetAsync(new Uri(baseUrl + path));

Console.WriteLine($"{(int)response.StatusCode} {response.ReasonPhrase}");
Console.WriteLine(await response.Content.ReadAsStringAsync());
return response.IsSuccessStatusCode ? 0 : 1;
