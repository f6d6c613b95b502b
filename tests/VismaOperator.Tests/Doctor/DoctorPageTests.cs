using System.Net;
using System.Text;
using VismaConnect.StandIn;
using VismaOperator.Cli.Doctor;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Doctor;

/// <summary>What <c>doctor</c> says, as pages that people read and reviewers compare.</summary>
public sealed class DoctorPageTests
{
    private const string Host = "connect.visma.com";
    private const string Api = "api.finance.visma.net";

    private static readonly (string Name, Action<DoctorScene> Arrange)[] captures =
    [
        ("shown", scene => scene.Options = scene.Options with { Requests = DoctorRequests.Shown }),
        ("in-order", _ => { }),
        ("broken", scene => DoctorSituations.All.Single(one => one.Title == "The client secret is wrong").Arrange(scene)),
        ("json", scene =>
        {
            DoctorSituations.All.Single(one => one.Title == "The tenant has not approved the application").Arrange(scene);
            scene.Options = scene.Options with { Output = DoctorOutput.Json };
        }),
    ];

    [Fact]
    [Trait("Category", "Docs")]
    public async Task The_reference_of_doctor_is_up_to_date() =>
        await Captures.ComparePageAsync(Repository.Path("docs", "reference", "doctor.md"), await ReferenceAsync());

    [Fact]
    [Trait("Category", "Docs")]
    public async Task The_captures_in_the_page_of_doctor_are_up_to_date() =>
        await Captures.CompareAsync(
            Repository.Path("docs", "doctor.md"),
            [.. captures.Select(one => (one.Name, (Func<Task<string>>)(() => SayAsync(one.Arrange))))]
        );

    private static async Task<string> ReferenceAsync()
    {
        var page = new StringBuilder();
        page.Append("# What `doctor` says\n\n<!-- Written by `make docs` from the situations of DoctorSituations. -->\n\n");
        page.Append("How to use it: [doctor](../doctor.md). Each fault, and what its link says.\n");
        foreach (var situation in DoctorSituations.All)
        {
            var title = DoctorChain.Links.Single(link => link.Name == situation.Link).Title;
            var said = await SayAsync(situation.Arrange);
            page.Append($"\n### {situation.Title}\n\n");
            page.Append(Captures.Block(said.Split('\n').Single(line => IsOf(title, line))));
        }

        return page.ToString();
    }

    private static bool IsOf(string title, string line) =>
        line.Length > 2 && line[2..].StartsWith(title.PadRight(15), StringComparison.Ordinal);

    private static async Task<string> SayAsync(Action<DoctorScene> arrange)
    {
        await using var scene = await DoctorScene.OpenAsync(options =>
            options with
            {
                Scheme = StandInScheme.Https,
                CertificateExpirationTime = new DateTimeOffset(2049, 1, 1, 0, 0, 0, TimeSpan.Zero),
            }
        );
        scene.Http = scene.Http with { TrustedRoots = [scene.Provider.Certificate!] };
        scene.Resolve = (host, stop) => IPAddress.TryParse(host, out _)
            ? Task.FromResult<IPAddress[]>([IPAddress.Parse("192.0.2.7")])
            : Dns.GetHostAddressesAsync(host, stop);
        arrange(scene);
        var said = await scene.SayAsync();
        return said
            .Replace($"{scene.Provider.Url.Authority}/v", $"{Api}/v", StringComparison.Ordinal)
            .Replace($"API http://{Api}", $"API https://{Api}", StringComparison.Ordinal)
            .Replace(scene.Provider.Url.Authority, Host, StringComparison.Ordinal)
            .Replace("127.0.0.1:9", $"{Host}:9", StringComparison.Ordinal)
            .Replace("127.0.0.1", Host, StringComparison.Ordinal)
            .Replace("CN=Visma Connect stand-in", "CN=Example CA", StringComparison.Ordinal);
    }
}
