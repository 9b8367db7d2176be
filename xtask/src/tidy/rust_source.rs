//! The words of a Rust file: its identifiers and keywords, without comments and strings.

use proc_macro2::{TokenStream, TokenTree};

/// One identifier or keyword.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word itself.
    pub text: String,
    /// Its line, from 1.
    pub line: usize,
}

/// The words of `source` in their order, or the line in which it is not Rust.
///
/// # Errors
/// The line, from 1, in which the text is not Rust.
pub fn words(source: &str) -> Result<Vec<Word>, usize> {
    // The span of a token keeps its whole source alive until this is called.
    proc_macro2::extra::invalidate_current_thread_spans();
    let stream: TokenStream = source
        .parse()
        .map_err(|error: proc_macro2::LexError| error.span().start().line)?;
    let mut words = Vec::new();
    let mut waiting = vec![stream.into_iter()];
    while let Some(mut tokens) = waiting.pop() {
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Ident(word) => words.push(Word {
                    text: word.to_string(),
                    line: word.span().start().line,
                }),
                TokenTree::Group(group) => {
                    waiting.push(tokens);
                    tokens = group.stream().into_iter();
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
    Ok(words)
}
