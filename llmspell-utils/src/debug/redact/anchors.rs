//! One search for everything at which a secret may be found: most texts hold none of it, and cost no more.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::name;
use super::rare::RareTriples;
use super::token::{TOKENS, Token};

/// What looks around an anchor.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    Token(&'static Token),
    Name,
    Url,
    PrivateKey,
    WebToken,
    Bearer,
    Basic,
    Account,
    Signature,
    Azure,
    Telegram,
    Mailchimp,
}

const OTHERS: [(&str, Rule); 13] = [
    ("://", Rule::Url),
    ("PRIVATE KEY", Rule::PrivateKey),
    ("eyJ", Rule::WebToken),
    ("bearer", Rule::Bearer),
    ("asic", Rule::Basic),
    (" -u ", Rule::Account),
    (" --user ", Rule::Account),
    (" --proxy-user ", Rule::Account),
    (" -p ", Rule::Account),
    ("sig=", Rule::Signature),
    ("Q~", Rule::Azure),
    (":AA", Rule::Telegram),
    ("-us", Rule::Mailchimp),
];

/// All anchors and their rules; an anchor is found in any case.
#[derive(Debug)]
pub(super) struct Anchors {
    /// Nothing if it could not be built, which its size does not allow; then every text is looked at as a whole.
    search: Option<AhoCorasick>,
    rules: Vec<Rule>,
    /// A look that costs less than the search and lets most texts go.
    triples: RareTriples,
}

impl Anchors {
    /// The anchors of the built-in rules and of names that a user added.
    pub(super) fn new(own: &[Box<str>]) -> Self {
        let names = name::ANCHORS.iter().map(|anchor| (*anchor, Rule::Name));
        let own = own.iter().map(|anchor| (&**anchor, Rule::Name));
        let tokens = TOKENS
            .iter()
            .map(|token| (token.prefix, Rule::Token(token)));
        let (texts, rules): (Vec<&str>, Vec<Rule>) =
            tokens.chain(OTHERS).chain(names).chain(own).unzip();
        let triples = RareTriples::of(&texts);
        let search = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .build(texts)
            .ok();
        Self {
            search,
            rules,
            triples,
        }
    }

    /// Whether the text holds any anchor.
    #[inline]
    pub(super) fn any_in(&self, text: &str) -> bool {
        self.triples.any_in(text.as_bytes()) && self.is_found_in(text)
    }

    #[inline(never)]
    fn is_found_in(&self, text: &str) -> bool {
        self.search
            .as_ref()
            .is_none_or(|search| search.is_match(text))
    }

    /// Every anchor of the text with its rule, in the order of their ends.
    pub(super) fn each_in<'a>(
        &'a self,
        text: &'a str,
    ) -> impl Iterator<Item = (Rule, usize, usize)> + 'a {
        let found = self
            .search
            .iter()
            .flat_map(move |search| search.find_overlapping_iter(text));
        found.filter_map(|found| {
            let rule = *self.rules.get(found.pattern().as_usize())?;
            Some((rule, found.start(), found.end()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_anchor_is_found_in_any_case_and_at_any_place() {
        let anchors = Anchors::new(&["patient".into(), "日本".into(), "x".into()]);
        let texts = TOKENS.iter().map(|token| token.prefix);
        let others = OTHERS.iter().map(|(text, _)| *text);
        for text in texts
            .chain(others)
            .chain(name::ANCHORS.iter().copied())
            .chain(["patient", "日本", "x"])
        {
            for text in [text.to_owned(), text.to_uppercase(), text.to_lowercase()] {
                for before in ["", " ", "..", "a b"] {
                    let text = format!("{before}{text} ab");
                    assert!(anchors.any_in(&text), "{text}");
                    assert!(anchors.each_in(&text).next().is_some(), "{text}");
                }
            }
        }
        assert!(!anchors.any_in("listening on 127.0.0.1:8080"));
    }
}
