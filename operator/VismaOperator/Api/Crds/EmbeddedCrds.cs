using System.Reflection;

namespace VismaOperator.Api.Crds;

/// <summary>The custom resource definitions, as the folder <c>crds/</c> has them, embedded into the executable.</summary>
public static class EmbeddedCrds
{
    /// <summary>The definition of OAuthClient as YAML.</summary>
    public static string OAuthClient() => Read("crds/visma-operator.io_oauthclients.yaml");

    /// <summary>The definition of VismaConnection as YAML.</summary>
    public static string VismaConnection() => Read("crds/visma-operator.io_vismaconnections.yaml");

    private static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The executable was built without {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
