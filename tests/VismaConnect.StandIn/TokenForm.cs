using System.Text;
using Microsoft.AspNetCore.Http;

namespace VismaConnect.StandIn;

/// <summary>
/// A client's request as Duende reads it: form only, Basic header before form fields, each half of the header URL-decoded.
/// </summary>
/// <param name="Fields">The form; null unless it is a POST with a form body.</param>
/// <param name="Asked">The parts that are not secret.</param>
/// <param name="ClientSecret">The secret sent; null when absent or too long.</param>
internal sealed record TokenForm(IFormCollection? Fields, AskedFor Asked, string? ClientSecret)
{
    /// <summary>Duende's default for client ids and secrets.</summary>
    private const int MaxCredentialLength = 100;

    public static async Task<TokenForm> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!HttpMethods.IsPost(request.Method) || !IsForm(request.ContentType))
        {
            return new TokenForm(null, AskedFor.Nothing, null);
        }

        var form = await request.ReadFormAsync(cancellationToken);
        var (method, id, secret) = FromHeader(request.Headers.Authorization.ToString())
            ?? ("client_secret_post", Text(form, "client_id"), Text(form, "client_secret"));
        var fits = id?.Length <= MaxCredentialLength && secret?.Length <= MaxCredentialLength;
        return new TokenForm(
            form,
            new AskedFor(id, method, Text(form, "grant_type"), Text(form, "tenant_id"), Split(Text(form, "scope"))),
            fits ? secret : null);
    }

    /// <summary>A field as sent; null when absent or empty.</summary>
    public string? Field(string name) => Fields is null ? null : Text(Fields, name);

    public static string[] Split(string? scope) => scope?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    public static bool IsForm(string? contentType) =>
        contentType?.Split(';')[0].Trim().Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) ?? false;

    private static string? Text(IFormCollection form, string name) =>
        form.TryGetValue(name, out var values) && !string.IsNullOrEmpty(values[0]) ? values[0] : null;

    private static (string Method, string? Id, string? Secret)? FromHeader(string header)
    {
        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header["Basic ".Length..].Trim(), bytes, out var length))
        {
            return null;
        }

        var pair = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon < 1 ? null : ("client_secret_basic", Decode(pair[..colon]), Decode(pair[(colon + 1)..]));
    }

    /// <summary>RFC 6749 section 2.3.1: each half is form-encoded before it is joined.</summary>
    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace("+", "%20", StringComparison.Ordinal));
}
