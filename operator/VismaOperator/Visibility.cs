using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("VismaOperator.Tests")]
[assembly: InternalsVisibleTo("VismaOperator.IntegrationTests")]
[assembly: InternalsVisibleTo("VismaOperator.ChartTests")]
[assembly: InternalsVisibleTo("VismaOperator.Benchmarks")]
