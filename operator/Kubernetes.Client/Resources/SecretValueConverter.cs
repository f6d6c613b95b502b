using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kubernetes.Client.Resources;

/// <summary>Base64, as the API server writes <c>Secret.data</c>.</summary>
internal sealed class SecretValueConverter : JsonConverter<SecretValue>
{
    public override SecretValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        SecretValue.FromBytes(reader.GetBytesFromBase64());

    public override void Write(Utf8JsonWriter writer, SecretValue value, JsonSerializerOptions options) =>
        writer.WriteBase64StringValue(value.Reveal());
}
