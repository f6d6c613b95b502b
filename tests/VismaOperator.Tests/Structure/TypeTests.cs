using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Kubernetes.Client;
using Kubernetes.Controllers;
using Kubernetes.InMemory;
using VismaOperator.Hosting;

namespace VismaOperator.Tests.Structure;

/// <summary>Habits of the code that a reviewer should not have to look for.</summary>
public sealed partial class TypeTests
{
    private static readonly Assembly[] production =
    [
        typeof(Lifecycle.Policy).Assembly,
        typeof(OAuth.TokenEndpoint).Assembly,
        typeof(IKubernetesClient).Assembly,
        typeof(IReconciler).Assembly,
        typeof(InMemoryCluster).Assembly,
        typeof(OperatorHost).Assembly,
    ];

    [Fact]
    public void Every_class_is_sealed_or_abstract() =>
        Assert.Empty(Types().Where(type => type is { IsClass: true, IsSealed: false, IsAbstract: false }).Select(type => type.FullName));

    [Fact]
    public void No_type_is_named_after_nothing_in_particular() =>
        Assert.Empty(Types().Where(type => VagueName().IsMatch(type.Name)).Select(type => type.FullName));

    /// <summary>
    /// A method named When... starts nothing: it hands out the task of something that happens anyway, and its caller waits with a token of
    /// its own.
    /// </summary>
    [Fact]
    public void Every_async_method_takes_a_cancellation_token_last()
    {
        var offenders =
            from type in Types()
            from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            where method.Name.EndsWith("Async", StringComparison.Ordinal) && method.Name != nameof(IAsyncDisposable.DisposeAsync)
            where
                method.GetParameters().LastOrDefault()?.ParameterType is var last
                && last != typeof(CancellationToken)
                && last != typeof(CancellationTokenSource)
            where !method.IsSpecialName && !method.Name.StartsWith("When", StringComparison.Ordinal)
            select $"{type.FullName}.{method.Name}";

        Assert.Empty(offenders);
    }

    [Fact]
    public void No_pattern_is_given_up_by_the_clock()
    {
        // A process that was frozen in the middle of a match would go on with an exception that nobody expects. What limits a match is its
        // pattern: it takes time by the length of the text, or looks at a bounded part of it.
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;
        var patterns =
            from type in Types()
            from method in type.GetMethods(All)
            from pattern in method.GetCustomAttributes<GeneratedRegexAttribute>()
            select (Name: $"{type.FullName}.{method.Name}", Limit: pattern.MatchTimeoutMilliseconds);

        // Those that are made at run time cannot have a limit: operator/BannedSymbols.txt.
        Assert.NotEmpty(patterns);
        Assert.DoesNotContain(patterns, pattern => pattern.Limit != Timeout.Infinite);
    }

    private static IEnumerable<Type> Types() => production
        .SelectMany(assembly => assembly.GetTypes())
        .Where(type => !IsGenerated(type));

    private static bool IsGenerated(Type type) =>
        type.Name.Contains('<', StringComparison.Ordinal)
        || type.Namespace is null
        || type.Namespace.StartsWith("System.", StringComparison.Ordinal)
        || type.Namespace.StartsWith("Microsoft.", StringComparison.Ordinal)
        || type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
        || type.IsDefined(typeof(System.CodeDom.Compiler.GeneratedCodeAttribute), inherit: false)
        || (type.DeclaringType is { } outer && IsGenerated(outer));

    [GeneratedRegex(
        "(Manager|Helper|Helpers|Util|Utils|Utilities|Service|Base|Impl)(`[0-9]+)?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        60_000
    )]
    private static partial Regex VagueName();
}
