//! Colour on standard output, which only repeats what the words say.

use std::sync::OnceLock;

use clap::ColorChoice;
use console::Term;

/// Whether this call colours; said once, before anything is written.
static IS_ON: OnceLock<bool> = OnceLock::new();

/// A colour and what it stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Colour {
    /// Something is wrong.
    Red = 31,
    /// All is well.
    Green = 32,
    /// Somebody should know this.
    Yellow = 33,
}

/// Decides for this call: `auto` colours on a terminal, unless `NO_COLOR` says otherwise (<https://no-color.org>).
pub(crate) fn decide(choice: ColorChoice) {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    let _ = IS_ON.set(is_on(choice, Term::stdout().is_term() && !is_dumb, refused));
}

fn is_on(choice: ColorChoice, is_terminal: bool, refused: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => is_terminal && !refused,
    }
}

/// Words in this colour, where this call colours.
pub(crate) fn paint(words: impl Into<String>, colour: Colour) -> String {
    let words = words.into();
    if IS_ON.get().copied().unwrap_or_default() { painted(&words, colour) } else { words }
}

fn painted(words: &str, colour: Colour) -> String {
    format!("\u{1b}[{}m{words}\u{1b}[0m", colour as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_for_terminals_unless_it_is_asked_for_or_refused() {
        for (choice, is_terminal, refused, expected) in [
            (ColorChoice::Auto, true, false, true),
            (ColorChoice::Auto, true, true, false),
            (ColorChoice::Auto, false, false, false),
            (ColorChoice::Always, false, true, true),
            (ColorChoice::Never, true, false, false),
        ] {
            assert_eq!(is_on(choice, is_terminal, refused), expected, "{choice:?} {is_terminal} {refused}");
        }
    }

    #[test]
    fn words_stay_as_they_are_until_somebody_decides() {
        assert_eq!(paint("held", Colour::Red), "held");
        assert_eq!(painted("held", Colour::Red), "\u{1b}[31mheld\u{1b}[0m");
    }
}
