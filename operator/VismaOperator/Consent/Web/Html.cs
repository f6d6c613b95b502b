using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace VismaOperator.Consent.Web;

/// <summary>HTML that is safe to send. It is made from templates, and every value is encoded unless it is HTML itself.</summary>
internal readonly record struct Html
{
    private readonly string? markup;

    private Html(string markup) => this.markup = markup;

    public string Markup => markup ?? string.Empty;

    /// <summary>HTML from a template: <c>Html.Of($"&lt;p&gt;{text}&lt;/p&gt;")</c>.</summary>
    public static Html Of(Template template) => new(template.ToMarkup());

    /// <summary>Markup that the program itself holds as a constant; never a value.</summary>
    public static Html OfConstant(string markup) => new(markup);

    /// <summary>Several, one after the other.</summary>
    public static Html Of(IEnumerable<Html> parts) => new(string.Concat(parts.Select(part => part.Markup)));

    /// <inheritdoc/>
    public override string ToString() => Markup;

    /// <summary>Gathers a template as the compiler takes an interpolated string apart.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Template(int literalLength, int formattedCount)
    {
        private const int UsualLength = 32; // of what is put into a hole

        private readonly StringBuilder markup = new(literalLength + (UsualLength * formattedCount));

        /// <summary>Markup of the template itself.</summary>
        public void AppendLiteral(string literal) => markup.Append(literal);

        /// <summary>Text; encoded.</summary>
        public void AppendFormatted(string? text) => markup.Append(HtmlEncoder.Default.Encode(text ?? string.Empty));

        /// <summary>HTML; as it is.</summary>
        public void AppendFormatted(Html html) => markup.Append(html.Markup);

        /// <summary>What was gathered.</summary>
        internal string ToMarkup() => markup.ToString();
    }
}
