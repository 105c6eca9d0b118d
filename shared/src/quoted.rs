//! Words that others chose, as logs, holds, the journal and messages show them.
//!
//! AWS's messages, the strings of events and what clients name their things have no length that anybody promises, and
//! may hold anything. Whatever is quoted passes here once, so that nobody writes lines into our log, moves the cursor
//! of whoever reads it, or makes an item larger than the table takes.

/// How many characters are quoted.
pub const MOST: usize = 300;

/// What stands for the rest.
const CUT: char = '…';

/// A text without control characters, and not longer than anybody reads. What is quoted already stays as it is.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut whole = String::new();
    let mut length = 0;
    for character in text.chars() {
        let shown = shown(character);
        length += shown.chars().count();
        if length > MOST {
            return cut(&whole);
        }
        whole.push_str(&shown);
    }
    whole
}

/// Invisible characters that turn or break a line are escaped like control characters.
fn shown(character: char) -> String {
    let turns = matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    if character.is_control() || turns { character.escape_default().collect() } else { character.into() }
}

fn cut(text: &str) -> String {
    text.chars().take(MOST - 1).chain([CUT]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_words_stay_as_they_are() {
        for text in ["", "Rate exceeded", "Größe: 3 µs", &"x".repeat(MOST)] {
            assert_eq!(quoted(text), text);
        }
    }

    #[test]
    fn what_is_long_is_cut_between_characters_and_says_so() {
        let long = "ü".repeat(200_000);
        let short = quoted(&long);
        assert_eq!(short.chars().count(), MOST);
        assert!(short.ends_with("ü…"));
        assert_eq!(quoted(&short), short, "what is quoted already stays as it is");
    }

    #[test]
    fn control_characters_are_escaped() {
        let shown = quoted("a\nb\u{1b}[31m\u{0}\u{202e}c");
        assert_eq!(shown, r"a\nb\u{1b}[31m\u{0}\u{202e}c");
        assert!(quoted(&"\n".repeat(1000)).chars().count() <= MOST);
    }
}
