//! Codes as people type them.

/// Returns a code without what people put between its digits: blanks of every kind and dashes. Digits of other widths
/// and scripts become ASCII digits. Text that is no code is only trimmed, so that it is refused as it was typed.
pub fn code(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_whitespace() && !is_dash(*c));
    match kept.map(digit).collect() {
        Some(code) => code,
        None => text.trim().to_owned(),
    }
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}')
}

/// The ASCII digit for a decimal digit: ASCII, Arabic-Indic, Persian, or full-width.
fn digit(c: char) -> Option<char> {
    let zero = match c {
        '0'..='9' => '0',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        '\u{ff10}'..='\u{ff19}' => '\u{ff10}',
        _ => return None,
    };
    char::from_digit(u32::from(c) - u32::from(zero), 10)
}

#[cfg(test)]
mod tests {
    #[test]
    fn codes_are_read_however_they_are_typed() {
        for typed in ["123456", " 123 456\n", "123-456", "１２３\u{3000}４５６", "123\u{a0}456", "١٢٣٤٥٦", "12–34–56"]
        {
            assert_eq!(super::code(typed), "123456", "{typed}");
        }
        assert_eq!(super::code(" abc 123 "), "abc 123");
        assert_eq!(super::code(" - "), "");
    }
}
