using VismaOperator.Api.Crds;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Crds;

/// <summary>The reference pages say what the definitions say. With <c>WRITE_DOCS=1</c> they are written (<c>make docs</c>).</summary>
[Trait("Category", "Docs")]
public sealed class ReferencePageTests
{
    [Fact]
    public void The_page_of_clients_is_up_to_date() =>
        AssertUpToDate(
            "oauthclient.md",
            ReferencePage.Of("OAuthClient", "oac", "visma-operator.io_oauthclients.yaml", Schemas.OAuthClient)
        );

    [Fact]
    public void The_page_of_connections_is_up_to_date() =>
        AssertUpToDate(
            "vismaconnection.md",
            ReferencePage.Of("VismaConnection", "vc", "visma-operator.io_vismaconnections.yaml", Schemas.VismaConnection)
        );

    [Fact]
    public void The_page_of_sets_is_up_to_date() =>
        AssertUpToDate(
            "vismaconnectionset.md",
            ReferencePage.Of("VismaConnectionSet", "vcs", "visma-operator.io_vismaconnectionsets.yaml", Schemas.VismaConnectionSet)
        );

    private static void AssertUpToDate(string name, string expected)
    {
        var file = Repository.Path("docs", "reference", name);
        if (Environment.GetEnvironmentVariable("WRITE_DOCS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, expected);
            return;
        }

        Assert.True(
            File.Exists(file) && File.ReadAllText(file) == expected,
            $"docs/reference/{name} is not what the definition says: run `make docs` and commit the result."
        );
    }
}
