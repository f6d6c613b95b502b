using System.Globalization;
using Kubernetes.Client.Resources;

namespace VismaOperator.Api;

/// <summary>Instants in the annotations and values of our Secrets (RFC 3339, UTC, whole seconds).</summary>
internal static class SecretInstant
{
    public static string Text(DateTimeOffset instant) => instant.UtcDateTime.ToString(TimeConverter.Format, CultureInfo.InvariantCulture);

    /// <summary>
    /// The instant of a text; null when absent or unreadable. Extreme years are not accepted, since times are added to the instant, and
    /// somebody who may write the Secret can write any instant into it.
    /// </summary>
    public static DateTimeOffset? Parse(string? text) =>
        DateTimeOffset.TryParseExact(
            text,
            TimeConverter.Format,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var instant
        ) && instant.Year is >= 2000 and < 3000
            ? instant
            : null;
}
