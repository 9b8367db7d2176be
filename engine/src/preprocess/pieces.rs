//! The pieces of a command's text: what is quoted, what separates, what is a comment or a here-document.

/// A piece of a command's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'text> {
    /// Spaces and tabs.
    Blank,
    /// A backslash at the end of a line, which the shell takes out together with the end.
    Continuation,
    Newline,
    /// Signs that end a command or redirect it, one at a time.
    Operator(&'text str),
    /// Text outside of quotes, its backslashes included.
    Bare(&'text str),
    /// Text in quotes, the quotes included.
    Quoted(&'text str),
    Comment(&'text str),
    /// The lines of a here-document, with the one that ends it.
    HereDocument(&'text str),
}

/// Takes a command's text apart; put together again, the pieces are the text, but for the number of blanks.
#[derive(Debug)]
pub(super) struct Pieces<'text> {
    rest: &'text str,
    /// Whether a word begins here, so that `#` begins a comment.
    at_word: bool,
    /// The words that end the here-documents which begin behind the next end of a line.
    documents: Vec<String>,
    /// Whether that end of a line has just been passed.
    in_documents: bool,
}

impl<'text> Pieces<'text> {
    pub(super) const fn of(text: &'text str) -> Self {
        Self {
            rest: text,
            at_word: true,
            documents: Vec::new(),
            in_documents: false,
        }
    }

    /// Takes so many bytes off the text.
    fn take(&mut self, length: usize) -> &'text str {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn here_document(&mut self) -> Piece<'text> {
        self.in_documents = false;
        let mut length = 0;
        for end in std::mem::take(&mut self.documents) {
            let rest = self.rest.get(length..).unwrap_or_default();
            length += document_length(rest, &end);
        }
        Piece::HereDocument(self.take(length))
    }

    /// Notes the end word of a here-document that is announced here.
    fn announce(&mut self) {
        let Some(after) = self
            .rest
            .strip_prefix("<<")
            .filter(|after| !after.starts_with('<'))
        else {
            return;
        };
        let after = after.strip_prefix('-').unwrap_or(after);
        let after = after.trim_start_matches([' ', '\t']);
        let ends = |sign: char| sign.is_whitespace() || ";&|<>()".contains(sign);
        let word = after.split(ends).next().unwrap_or_default();
        let word: String = word
            .chars()
            .filter(|sign| !"'\"\\".contains(*sign))
            .collect();
        if !word.is_empty() {
            self.documents.push(word);
        }
    }
}

impl<'text> Iterator for Pieces<'text> {
    type Item = Piece<'text>;

    fn next(&mut self) -> Option<Piece<'text>> {
        if self.in_documents && !self.documents.is_empty() {
            return Some(self.here_document());
        }
        let first = self.rest.chars().next()?;
        let at_word = std::mem::replace(&mut self.at_word, false);
        match first {
            ' ' | '\t' => {
                let length = self.rest.len() - self.rest.trim_start_matches([' ', '\t']).len();
                self.take(length);
                self.at_word = true;
                Some(Piece::Blank)
            }
            '\n' => {
                self.take(1);
                self.at_word = true;
                self.in_documents = !self.documents.is_empty();
                Some(Piece::Newline)
            }
            '\\' if self.rest.starts_with("\\\n") => {
                self.take(2);
                self.at_word = at_word;
                Some(Piece::Continuation)
            }
            '#' if at_word => {
                let length = self.rest.find('\n').unwrap_or(self.rest.len());
                Some(Piece::Comment(self.take(length)))
            }
            ';' | '&' | '|' | '<' | '>' | '(' | ')' | '`' => {
                self.announce();
                self.at_word = true;
                // The second sign of an announcement must not announce another one.
                let length = if self.rest.starts_with("<<") { 2 } else { 1 };
                Some(Piece::Operator(self.take(length)))
            }
            '\'' | '"' => Some(Piece::Quoted(self.take(quoted_length(self.rest)))),
            '$' if self.rest.starts_with("$'") => {
                Some(Piece::Quoted(self.take(ansi_length(self.rest))))
            }
            _ => Some(Piece::Bare(self.take(bare_length(self.rest)))),
        }
    }
}

/// The length of the text up to the next sign that is no part of a bare one, at least one character.
fn bare_length(text: &str) -> usize {
    let mut characters = text.char_indices();
    let mut is_first = true;
    while let Some((index, sign)) = characters.next() {
        match sign {
            '\\' if text
                .get(index + 1..)
                .is_some_and(|rest| rest.starts_with('\n')) =>
            {
                return index;
            }
            '\\' => {
                characters.next();
            }
            '$' if !is_first
                && text
                    .get(index + 1..)
                    .is_some_and(|rest| rest.starts_with('\'')) =>
            {
                return index;
            }
            ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' | '`' | '\'' | '"' => {
                return index;
            }
            _ => {}
        }
        is_first = false;
    }
    text.len()
}

/// The length of a text in quotes, with what is nested in double ones.
fn quoted_length(text: &str) -> usize {
    let mut signs = text.char_indices();
    let mut open: Vec<char> = Vec::new();
    while let Some((index, sign)) = signs.next() {
        match (open.last(), sign) {
            (Some('\''), '\'') => drop(open.pop()),
            (Some('\''), _) => {}
            (_, '\\') => drop(signs.next()),
            (Some('"'), '"') | (Some(')'), ')') => drop(open.pop()),
            (Some('"'), '(')
                if text
                    .get(..index)
                    .is_some_and(|before| before.ends_with('$')) =>
            {
                open.push(')');
            }
            (Some(')'), '(') => open.push(')'),
            (Some(')') | None, '"' | '\'') => open.push(sign),
            _ => {}
        }
        if open.is_empty() {
            return index + sign.len_utf8();
        }
    }
    text.len()
}

/// The length of `$'…'`, in which a quote may be escaped.
fn ansi_length(text: &str) -> usize {
    let mut signs = text.char_indices().skip(2);
    while let Some((index, sign)) = signs.next() {
        match sign {
            '\\' => drop(signs.next()),
            '\'' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a here-document with its last line, the line's end not counted.
fn document_length(text: &str, end: &str) -> usize {
    let mut length = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end_matches('\n').trim_start_matches('\t') == end {
            return length + line.trim_end_matches('\n').len();
        }
        length += line.len();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_lost_and_none_hangs() {
        for text in [
            "rm -rf \"$(echo \"a  b\")\" 'c  d' $'e\\' f' # don't\ncat <<EOF\n'  x\nEOF\nls `a`",
            "\"unterminated",
            "'",
            "$'",
            "\\",
            "a\\",
            "<<",
            "<<<x",
            "cat <<A <<B\n1\nA\n2\nB\nx",
            "\u{e9}\u{1f600}$\u{e9}\"\u{e9}",
        ] {
            let whole: String = Pieces::of(text)
                .map(|piece| match piece {
                    Piece::Blank => " ",
                    Piece::Continuation => "\\\n",
                    Piece::Newline => "\n",
                    Piece::Operator(text)
                    | Piece::Bare(text)
                    | Piece::Quoted(text)
                    | Piece::Comment(text)
                    | Piece::HereDocument(text) => text,
                })
                .collect();
            assert_eq!(whole, text);
        }
    }
}
