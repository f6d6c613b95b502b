global using Xunit;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

// One API server for all tests; each test works in namespaces of its own, so that tests may run side by side.
[assembly: AssemblyFixture(typeof(ApiServerFixture))]
[assembly: AssemblyFixture(typeof(Chromium))]

// Much of a scene is waiting, so more run side by side than a small machine has cores. With twelve, tests missed their times.
[assembly: CollectionBehavior(MaxParallelThreads = 6)]
