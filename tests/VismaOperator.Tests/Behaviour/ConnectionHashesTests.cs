using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// The hashes of objects that exist. Another value here means that the upgrade costs a token request (inputs), or a write (layout), for
/// each connection. A part that is added must leave them as they are where its value is absent.
/// </summary>
public sealed class ConnectionHashesTests
{
    [Fact]
    public void The_hashes_of_a_usual_connection_stay_as_they_are()
    {
        var connection = Some.VismaConnection();

        Assert.Equal("9c91d41ddaf31a2d", ConnectionHashes.Inputs(connection));
        Assert.Equal("9fcf60b92770b1b6", ConnectionHashes.Layout(connection));
    }

    [Fact]
    public void The_hashes_of_a_connection_with_a_template_stay_as_they_are()
    {
        var connection = Some.VismaConnection();
        var template = new SecretTemplate
        {
            Data = new Dictionary<string, string> { ["token"] = "{{ .AccessToken }}" },
            Metadata = new TemplateMetadata { Labels = new Dictionary<string, string> { ["team"] = "erp" } },
        };

        connection = connection with { Spec = connection.Spec with { Secret = connection.Spec.Secret with { Template = template } } };

        Assert.Equal("9c91d41ddaf31a2d", ConnectionHashes.Inputs(connection));
        Assert.Equal("e76954ed0ddf5b47", ConnectionHashes.Layout(connection));
    }

    [Fact]
    public void Presets_change_how_the_Secret_is_rendered_and_copies_change_nothing()
    {
        var connection = Some.VismaConnection();
        var spec = connection.Spec.Secret;
        string Layout(SecretSpec secret) => ConnectionHashes.Layout(connection.WithSecret(secret));

        Assert.Equal("9fcf60b92770b1b6", Layout(spec with { Copies = [new SecretCopy { Namespace = "reports", Name = "a" }] }));
        Assert.NotEqual("9fcf60b92770b1b6", Layout(spec with { Presets = [SecretPreset.Curl] }));
        Assert.Equal(
            Layout(spec with { Presets = [SecretPreset.Curl, SecretPreset.DotEnv] }),
            Layout(spec with { Presets = [SecretPreset.DotEnv, SecretPreset.Curl] })
        );
    }
}
