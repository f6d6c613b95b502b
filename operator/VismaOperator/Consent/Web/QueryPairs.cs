using Microsoft.AspNetCore.WebUtilities;

namespace VismaOperator.Consent.Web;

/// <summary>The parameters of a query.</summary>
internal static class QueryPairs
{
    /// <summary>The decoded pairs as they stand there: the framework's own dictionary takes names of different case for one.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> Of(QueryString query)
    {
        var pairs = new List<KeyValuePair<string, string?>>();
        foreach (var pair in new QueryStringEnumerable(query.Value))
        {
            pairs.Add(new(pair.DecodeName().ToString(), pair.DecodeValue().ToString()));
        }

        return pairs;
    }
}
