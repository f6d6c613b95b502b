using BenchmarkDotNet.Running;
using VismaOperator.Benchmarks;
using VismaOperator.Benchmarks.Scale;

// `scale ...` measures the whole operator against a real API server; everything else goes to BenchmarkDotNet.
return args is ["scale", .. var options] ? await ScaleCommand.RunAsync(options)
    : BenchmarkSwitcher
        .FromAssembly(typeof(MicroConfig).Assembly)
        .Run(args, MicroConfig.Create())
        .Any(summary => summary.HasCriticalValidationErrors)
        ? 1
    : 0;
