global using Xunit;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

// One API server for all tests; each test works in namespaces of its own, so that tests may run side by side.
[assembly: AssemblyFixture(typeof(ApiServerFixture))]
[assembly: AssemblyFixture(typeof(Chromium))]

// Most of a scene is waiting, so three times as many run side by side as a small machine has cores.
[assembly: CollectionBehavior(MaxParallelThreads = 6)]
