//! The words of a directive's value, as systemd reads them: the other direction of [`super::Word`]. Source: systemd.syntax(7).

/// The words of a value, without quotes and escapes; specifiers stay.
#[must_use]
pub(crate) fn words(value: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = value.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
        if chars.peek().is_none() {
            return words;
        }
        let (mut word, mut quote) = (String::new(), None);
        while let Some(c) = chars.next() {
            match (c, quote) {
                ('\\', _) => word.extend(unescaped(&mut chars)),
                (c, Some(open)) if c == open => quote = None,
                ('"' | '\'', None) => quote = Some(c),
                (c, None) if c.is_ascii_whitespace() => break,
                (c, _) => word.push(c),
            }
        }
        words.push(word);
    }
}

fn unescaped(chars: &mut impl Iterator<Item = char>) -> Option<char> {
    match chars.next()? {
        'n' => Some('\n'),
        't' => Some('\t'),
        's' => Some(' '),
        'x' => {
            let digits: String = chars.take(2).collect();
            u8::from_str_radix(&digits, 16).ok().map(char::from)
        }
        other => Some(other),
    }
}
