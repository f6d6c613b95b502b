using System.Security.Cryptography;

namespace VismaOperator.Hosting;

/// <summary>The one source of randomness of the process, handed to whatever spreads its work.</summary>
internal static class Chance
{
    private const int Steps = 1 << 30;

    /// <summary>A number in [0, 1).</summary>
    public static double Next() => RandomNumberGenerator.GetInt32(Steps) / (double)Steps;
}
