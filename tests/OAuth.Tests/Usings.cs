global using Microsoft.Extensions.Time.Testing;
global using Xunit;
global using VismaOperator.Tests.Support;
