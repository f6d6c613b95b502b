using System.Globalization;
using System.Text;
using OAuth;
using VismaOperator.Clients;
using VismaOperator.Reporting;

namespace VismaOperator.Cli.Rotate;

/// <summary>The rotation cannot go on. The message names object, cause and remedy, and no part of a secret.</summary>
internal sealed class RotateException(string message, Exception? cause = null) : ExplainedException(message, cause);

/// <summary>Whether a new secret is held to what secrets usually look like.</summary>
internal enum SecretJudgement
{
    /// <summary>What looks wrong is refused.</summary>
    Usual,

    /// <summary>Only what no form can hold as it was meant is refused.</summary>
    AsItIs,
}

/// <summary>
/// The new client secret, as it comes from standard input. What was copied with something around it is refused before anything is written:
/// the provider would refuse it too, and would not say why.
/// </summary>
internal static class NewSecret
{
    private const int MaxBytes = 4096; // ten times a long one

    private static readonly UTF8Encoding strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads it to the end of the input.</summary>
    /// <exception cref="RotateException">There is none, or it can be none.</exception>
    public static Sensitive Read(Stream input, SecretJudgement judgement)
    {
        var buffer = new byte[MaxBytes + 1];
        var count = input.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        if (count > MaxBytes)
        {
            throw Refused($"is longer than {MaxBytes} bytes");
        }

        try
        {
            return Judge(strict.GetString(buffer, 0, count), judgement);
        }
        catch (DecoderFallbackException)
        {
            throw Refused("is not UTF-8");
        }
        finally
        {
            Array.Clear(buffer);
        }
    }

    /// <summary>The same of a text. A line break at its end is what a terminal or a file adds, and is taken away.</summary>
    public static Sensitive Judge(string text, SecretJudgement judgement)
    {
        var value = CredentialSecret.Trimmed(text);
        if (value.Length == 0)
        {
            throw new RotateException(
                "Standard input holds no client secret: nothing was changed. Give it by a pipe or a redirection, such as < new-secret.txt, "
                    + "or type it on a terminal; never as an argument, which other users of this machine can read."
            );
        }

        if (Broken(value) is { } cause)
        {
            throw Refused(cause);
        }

        var secret = Sensitive.From(value);
        return judgement == SecretJudgement.AsItIs || SecretOddities.Of(secret) is not { Count: > 0 } oddities
            ? secret
            : throw new RotateException(
                $"The new client secret {string.Join(", ", oddities.Select(Words))}: nothing was changed. Copy it from the Visma developer "
                    + "portal once more; if it is right as it is, add --as-is."
            );
    }

    private static string? Broken(string value) =>
        value.AsSpan().ContainsAny('\r', '\n') ? "has more than one line"
        : value.Any(char.IsControl) ? "has a tab, a NUL or another control character; UTF-16 has them, too"
        : value.Any(letter => char.IsWhiteSpace(letter) || char.GetUnicodeCategory(letter) == UnicodeCategory.Format)
            ? "has a blank or an invisible character"
        : null;

    // The words are for a value in a Secret, which is encoded once there.
    private static string Words(string oddity) =>
        oddity.StartsWith("looks encoded with base64", StringComparison.Ordinal) ? "looks encoded with base64" : oddity;

    private static RotateException Refused(string cause) =>
        new($"The new client secret {cause}: nothing was changed. Copy it from the Visma developer portal once more.");
}
