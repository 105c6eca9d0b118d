//! The words of a Rust source: without comments, strings and what only tests compile.

/// A word or a mark of a source, and the line on which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// The tokens of a source. A string or a character is one token, `""`.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let letters: Vec<char> = source.chars().collect();
    let (mut tokens, mut at, mut line) = (Vec::new(), 0, 1);
    while at < letters.len() {
        let rest = &letters[at..];
        let length = skipped(rest).unwrap_or(0);
        if length == 0 {
            let (text, length) = token(rest);
            tokens.push(Token { text, line });
            line += lines(&rest[..length]);
            at += length;
        } else {
            line += lines(&rest[..length]);
            at += length;
        }
    }
    tokens
}

fn lines(text: &[char]) -> usize {
    text.iter().filter(|letter| **letter == '\n').count()
}

/// The length of the blanks or of the comment with which a text begins.
fn skipped(text: &[char]) -> Option<usize> {
    match text {
        [first, ..] if first.is_whitespace() => Some(1),
        ['/', '/', ..] => Some(text.iter().position(|letter| *letter == '\n').unwrap_or(text.len())),
        ['/', '*', ..] => Some(block_comment(text)),
        _ => None,
    }
}

fn block_comment(text: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let (change, length) = match &text[at..] {
            ['/', '*', ..] => (1, 2),
            ['*', '/', ..] => (-1, 2),
            _ => (0, 1),
        };
        depth += change;
        at += length;
        if depth == 0 {
            break;
        }
    }
    at
}

/// The token with which a text begins, and its length.
fn token(text: &[char]) -> (String, usize) {
    if let Some(length) = literal(text) {
        return ("\"\"".to_owned(), length);
    }
    let is_word = |letter: &char| letter.is_alphanumeric() || *letter == '_';
    let length = match text {
        [':', ':', ..] => 2,
        // A lifetime, or a label.
        ['\'', ..] => 1 + text[1..].iter().take_while(|letter| is_word(letter)).count(),
        [first, ..] if is_word(first) => text.iter().take_while(|letter| is_word(letter)).count(),
        _ => 1,
    };
    (text[..length].iter().collect(), length)
}

/// The length of the string or character with which a text begins.
fn literal(text: &[char]) -> Option<usize> {
    let prefix = text.iter().take_while(|letter| matches!(letter, 'b' | 'c' | 'r')).count();
    let is_raw = text[..prefix].contains(&'r');
    let marks = text[prefix..].iter().take_while(|letter| **letter == '#').count();
    match text.get(prefix + marks) {
        Some('"') if is_raw => {
            let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', marks)).collect();
            let start = prefix + marks + 1;
            let found = text[start..].windows(end.len()).position(|window| *window == *end)?;
            Some(start + found + end.len())
        }
        Some('"') if marks == 0 => quoted(text, prefix, '"'),
        Some('\'') if marks == 0 => match text[prefix + 1..] {
            ['\\', ..] | [_, '\'', ..] => quoted(text, prefix, '\''),
            // A lifetime.
            _ => None,
        },
        _ => None,
    }
}

fn quoted(text: &[char], prefix: usize, quote: char) -> Option<usize> {
    let mut at = prefix + 1;
    while at < text.len() {
        match text[at] {
            '\\' => at += 2,
            letter if letter == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// The tokens that are compiled without tests, and the modules that are compiled with tests only.
pub(crate) fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<String>) {
    let (mut kept, mut of_tests, mut at) = (Vec::new(), Vec::new(), 0);
    while at < tokens.len() {
        if is_for_tests(&tokens[at..]) {
            let length = item(&tokens[at..]);
            let words: Vec<&str> = tokens[at..at + length].iter().map(|token| token.text.as_str()).collect();
            let module = words.windows(3).find(|window| window[0] == "mod" && window[2] == ";");
            of_tests.extend(module.map(|window| window[1].to_owned()));
            at += length;
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    (kept, of_tests)
}

/// Whether tokens begin with `#[cfg(test)]` or `#[cfg(all(test, …))]`.
fn is_for_tests(tokens: &[Token]) -> bool {
    let begin = |words: &[&str]| {
        tokens.iter().map(|token| token.text.as_str()).take(words.len()).eq(words.iter().copied())
    };
    begin(&["#", "[", "cfg", "(", "test", ")"]) || begin(&["#", "[", "cfg", "(", "all", "(", "test"])
}

/// The length of the item, with its attributes, with which tokens begin.
fn item(tokens: &[Token]) -> usize {
    let mut at = 0;
    while tokens.get(at).is_some_and(|token| token.text == "#") {
        at += 1 + group(&tokens[at + 1..]);
    }
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            ";" => return at + 1,
            "{" => {
                at += group(&tokens[at..]);
                // `use a::{b};` and `const A: B = B { … };` end after the brace.
                return at + usize::from(tokens.get(at).is_some_and(|token| token.text == ";"));
            }
            "(" | "[" => at += group(&tokens[at..]),
            // What the attribute is on ends with what holds it: a field, a variant.
            ")" | "]" | "}" => return at,
            _ => at += 1,
        }
    }
    at
}

/// The length of the brackets, with all in them, with which tokens begin.
fn group(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}
