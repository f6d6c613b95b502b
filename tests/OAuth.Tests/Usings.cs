global using Microsoft.Extensions.Time.Testing;
global using VismaOperator.Tests.Support;
global using Xunit;
