using System.Globalization;

namespace VismaOperator.Testing.ApiServer;

/// <summary>
/// Numbers that a test run is given in environment variables. What is no number ends the run: it would else be another run than the one
/// that was asked for.
/// </summary>
public static class EnvironmentNumber
{
    /// <summary>The number; null where the variable is missing or empty.</summary>
    public static int? Find(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
