//! The colors in the style sheet of a UI customization. The pages use these colors and nothing else of the style sheet,
//! so no text of it ever stands in a page.

use csscolorparser::Color;

use crate::store::pools::Branding;

/// Reads the colors that the pages have an equivalent for: the background of the submit button and of the window.
pub fn colors(css: &str) -> Branding {
    let background =
        |class: &str| ["background-color", "background"].into_iter().find_map(|name| color(css, class, name));
    Branding {
        accent_color: background(".submitButton-customizable"),
        page_color: background(".background-customizable"),
        ..Branding::default()
    }
}

/// Returns the value of a class's property as `#rrggbb`, if it is an opaque color. As in CSS, the last value counts.
fn color(css: &str, class: &str, property: &str) -> Option<String> {
    let css = without_comments(css);
    let rules = css.split('}').filter_map(|rule| rule.split_once('{'));
    let rules = rules.filter(|(selectors, _)| selectors.split(',').any(|one| one.trim() == class));
    let declarations = rules.flat_map(|(_, body)| body.split(';')).filter_map(|one| one.split_once(':'));
    let values = declarations.filter(|(name, _)| name.trim().eq_ignore_ascii_case(property));
    values.filter_map(|(_, value)| opaque(value)).next_back()
}

fn opaque(value: &str) -> Option<String> {
    let value = value.trim().trim_end_matches("!important").trim_end();
    let [red, green, blue, alpha] = value.parse::<Color>().ok()?.to_rgba8();
    (alpha == u8::MAX).then(|| format!("#{red:02x}{green:02x}{blue:02x}"))
}

fn without_comments(css: &str) -> String {
    let mut parts = css.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    // What follows a comment that never ends belongs to it.
    parts.fold(first, |text, part| text + part.split_once("*/").map_or("", |(_, after)| after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colors_of_known_classes_are_read() {
        let accent = |css: &str| colors(css).accent_color;
        let of = |value: &str| {
            accent(&format!(".submitButton-customizable {{ font-size: 11px; background-color: {value}; }}"))
        };
        for (value, expected) in [
            ("#337ab7", "#337ab7"),
            ("#FC0", "#ffcc00"),
            ("lightgray", "#d3d3d3"),
            ("rgb(1, 2, 3)", "#010203"),
            ("red !important", "#ff0000"),
        ] {
            assert_eq!(of(value).as_deref(), Some(expected), "{value}");
        }
        for value in
            ["transparent", "rgba(1, 2, 3, 0.5)", "url(https://evil.example)", "var(--x)", "#12", "", "expression(1)"]
        {
            assert_eq!(of(value), None, "{value}");
        }
        assert_eq!(accent(".submitButton-customizable:hover { background-color: red }"), None);
        assert_eq!(accent(".other { background-color: red }"), None);
        assert_eq!(accent("/* .submitButton-customizable { background-color: red } */"), None);
        assert_eq!(accent("/* .submitButton-customizable { background-color: red }"), None);
        assert_eq!(accent(".a,.submitButton-customizable{background:red;background:blue}").as_deref(), Some("#0000ff"));
        assert_eq!(colors(".background-customizable{background-color:#fff}").page_color.as_deref(), Some("#ffffff"));
        assert_eq!(colors("}}{{;;::/*"), Branding::default());
    }
}
