//! One word as a command gets it: text, patterns, and parts that are only known when it runs.

/// Characters of a word beyond which it stands for anything.
const MAX_CHARACTERS: usize = 64 * 1024;
/// Parts of a pattern that are compared with a path.
const MAX_COMPARED: usize = 2_048;

/// One word, after quotes are removed and what is known is expanded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Word {
    pieces: Vec<Piece>,
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    /// `?` or `[…]`: one character that is no slash.
    One,
    /// `*`: characters that are no slash, and none that begins a name with a dot.
    Many,
    /// Everything beneath a directory, as `find` gives it.
    Beneath,
    /// The same without names that begin with a dot, as `**` gives it.
    Visible,
    Open(Open),
}

/// Where a part comes from that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Open {
    /// A number or a name without slash and leading dot, such as a date.
    Name,
    /// From the environment: nobody chose it in this command.
    Outside,
    /// Made by the command itself, so that it may be anything.
    Computed,
}

/// Signs of a text that stand for parts which are not known, while the text is read as a command.
const STAND_INS: [(char, Piece); 6] = [
    ('\u{e000}', Piece::Open(Open::Name)),
    ('\u{e001}', Piece::Open(Open::Outside)),
    ('\u{e002}', Piece::Beneath),
    ('\u{e003}', Piece::Visible),
    ('\u{e004}', Piece::Many),
    ('\u{e005}', Piece::One),
];

impl Word {
    /// The text to be read as a command, with stand-ins for what is not known; none if it may be anything.
    pub(super) fn written(&self) -> Option<String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(part) if part.contains(STAND_INS.each_ref().map(|(sign, _)| *sign)) => {
                    return None;
                }
                Piece::Text(part) => text.push_str(part),
                open => {
                    let stand_in = STAND_INS.iter().find(|(_, piece)| piece == open);
                    text.push(stand_in?.0);
                }
            }
        }
        Some(text)
    }

    /// Adds a text with what stand-ins in it stand for.
    pub(super) fn push_written(&mut self, text: &str) {
        if text.is_ascii() {
            return self.push_text(text);
        }
        let mut rest = text;
        while let Some((index, sign, piece)) = first_stand_in(rest) {
            let (before, after) = rest.split_at_checked(index).unwrap_or((rest, ""));
            self.push_text(before);
            self.push(piece);
            rest = after.strip_prefix(sign).unwrap_or_default();
        }
        self.push_text(rest);
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self {
            pieces: vec![Piece::Text(text.into())],
        }
    }

    pub(crate) fn open(open: Open) -> Self {
        Self {
            pieces: vec![Piece::Open(open)],
        }
    }

    /// The names that a pattern in a tool's argument finds, those with a leading dot included.
    pub(crate) fn of_pattern(pattern: &str) -> Self {
        let mut word = Self::default();
        let mut rest = pattern.chars();
        while let Some(sign) = rest.next() {
            match sign {
                '*' => word.push(Piece::Beneath),
                '?' => word.push(Piece::Open(Open::Outside)),
                '[' | '{' if rest.clone().any(|sign| matches!(sign, ']' | '}')) => {
                    for sign in rest.by_ref() {
                        if matches!(sign, ']' | '}') {
                            break;
                        }
                    }
                    word.push(Piece::Beneath);
                }
                other => word.push(Piece::Text(other.to_string())),
            }
        }
        word
    }

    /// Everything beneath a directory.
    pub(crate) fn everything(mut self, with_hidden: bool) -> Self {
        self.push_text("/");
        self.push(if with_hidden {
            Piece::Beneath
        } else {
            Piece::Visible
        });
        self
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The whole text, if all of it is known.
    pub(crate) fn known(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The whole text if it is known, else nothing.
    pub(crate) fn plain(&self) -> &str {
        self.known().unwrap_or_default()
    }

    /// The text that it begins with.
    pub(crate) fn start(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// The most open part of it.
    pub(crate) fn openness(&self) -> Option<Open> {
        self.pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Open(open) => Some(*open),
                _ => None,
            })
            .max()
    }

    pub(crate) fn is_computed(&self) -> bool {
        self.openness() == Some(Open::Computed)
    }

    pub(crate) fn is_pattern(&self) -> bool {
        let is_glob = |piece: &Piece| {
            matches!(
                piece,
                Piece::One | Piece::Many | Piece::Beneath | Piece::Visible
            )
        };
        self.pieces.iter().any(is_glob)
    }

    pub(crate) fn is_option(&self) -> bool {
        self.start().starts_with('-') && self.start() != "-"
    }

    pub(crate) fn push(&mut self, piece: Piece) {
        let count = self.pieces.len();
        match (self.pieces.last_mut(), piece) {
            (_, Piece::Text(text)) if text.is_empty() => {}
            (Some(Piece::Text(last)), Piece::Text(text)) => {
                if last.len() + text.len() > MAX_CHARACTERS {
                    self.pieces.push(Piece::Open(Open::Computed));
                } else {
                    last.push_str(&text);
                }
            }
            (Some(last), piece) if *last == piece && piece != Piece::One => {}
            (_, piece) if count < MAX_COMPARED => self.pieces.push(piece),
            _ => self.pieces = vec![Piece::Open(Open::Computed)],
        }
    }

    pub(crate) fn push_text(&mut self, text: &str) {
        self.push(Piece::Text(text.to_owned()));
    }

    pub(crate) fn append(&mut self, other: &Self) {
        for piece in &other.pieces {
            self.push(piece.clone());
        }
    }

    /// The word without what it begins with, if it does.
    pub(crate) fn without_start(&self, start: &str) -> Option<Self> {
        let rest = self.start().strip_prefix(start)?;
        let mut word = Self::default();
        word.push_text(rest);
        for piece in self.pieces.iter().skip(1) {
            word.push(piece.clone());
        }
        Some(word)
    }

    /// What stands before and after the first of this sign in known text.
    pub(crate) fn split_at(&self, sign: char) -> Option<(Self, Self)> {
        for (index, piece) in self.pieces.iter().enumerate() {
            let Piece::Text(text) = piece else { continue };
            let Some((before, after)) = text.split_once(sign) else {
                continue;
            };
            let mut first = Self::default();
            self.pieces
                .iter()
                .take(index)
                .for_each(|piece| first.push(piece.clone()));
            first.push_text(before);
            let mut second = Self::default();
            second.push_text(after);
            self.pieces
                .iter()
                .skip(index + 1)
                .for_each(|piece| second.push(piece.clone()));
            return Some((first, second));
        }
        None
    }

    /// The part behind the last slash.
    pub(crate) fn last_component(&self) -> Self {
        let mut rest = self.clone();
        // A path that ends in a slash names the same directory.
        if let Some(Piece::Text(text)) = rest.pieces.last_mut() {
            let trimmed = text.trim_end_matches('/').len();
            text.truncate(trimmed);
        }
        while let Some((_, after)) = rest.split_at('/') {
            rest = after;
        }
        rest
    }

    /// Whether it is absolute, or may be.
    pub(crate) fn is_placed(&self) -> bool {
        let is_open = matches!(
            self.pieces.first(),
            Some(Piece::Open(Open::Outside | Open::Computed))
        );
        is_open || self.start().starts_with('/')
    }

    /// The word beneath a directory, unless it is absolute already.
    pub(crate) fn beneath(&self, directory: &Self) -> Self {
        if self.is_placed() {
            return self.clone();
        }
        let mut joined = directory.clone();
        joined.push_text("/");
        joined.append(self);
        joined
    }

    /// As much of it as is known, for people.
    pub(crate) fn shown(&self) -> String {
        let mut shown = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => shown.push_str(text),
                Piece::One => shown.push('?'),
                Piece::Many => shown.push('*'),
                Piece::Beneath | Piece::Visible => shown.push_str("**"),
                Piece::Open(_) => shown.push('…'),
            }
        }
        shown
    }

    /// Whether the word can be this text, letters of either case alike. A pattern finds no name with a leading dot
    /// unless it begins with the dot.
    pub(crate) fn may_be(&self, text: &str) -> bool {
        let target: Vec<char> = folded(text).collect();
        let mut reached = vec![false; target.len() + 1];
        if let Some(first) = reached.first_mut() {
            *first = true;
        }
        if self.pieces.len() > MAX_COMPARED || target.len() > MAX_COMPARED {
            return true;
        }
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => {
                    for letter in folded(text) {
                        step(&mut reached, &target, |found, _| found == letter);
                    }
                }
                Piece::One => step(&mut reached, &target, |found, begins| {
                    found != '/' && !(begins && found == '.')
                }),
                Piece::Many => run(&mut reached, &target, |found, begins| {
                    found != '/' && !(begins && found == '.')
                }),
                Piece::Open(Open::Name) => run(&mut reached, &target, |found, begins| {
                    found != '/' && !(begins && found == '.')
                }),
                Piece::Visible => run(&mut reached, &target, |found, begins| {
                    !(begins && found == '.')
                }),
                Piece::Beneath | Piece::Open(_) => run(&mut reached, &target, |_, _| true),
            }
            if !reached.contains(&true) {
                return false;
            }
        }
        reached.last().copied().unwrap_or(true)
    }
}

fn first_stand_in(text: &str) -> Option<(usize, char, Piece)> {
    text.char_indices().find_map(|(index, sign)| {
        let (_, piece) = STAND_INS.iter().find(|(stand_in, _)| *stand_in == sign)?;
        Some((index, sign, piece.clone()))
    })
}

/// A text with letters of either case made alike.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    folded(text).collect()
}

/// Letters of either case, and those that some file systems pass over, made alike.
pub(crate) fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars()
        .filter(|letter| {
            !matches!(letter, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
        })
        .flat_map(|letter| {
            let is_plain = letter.is_ascii();
            let upper = (!is_plain).then(|| letter.to_uppercase()).into_iter().flatten();
            let ascii = is_plain.then_some(letter).into_iter();
            upper.chain(ascii).flat_map(char::to_lowercase)
        })
}

/// One character that the condition accepts; it is told whether the character begins a name.
fn step(reached: &mut [bool], target: &[char], accepts: impl Fn(char, bool) -> bool) {
    for index in (0..reached.len()).rev() {
        let was = index
            .checked_sub(1)
            .is_some_and(|before| is_set(reached, before) && accepts_at(target, before, &accepts));
        if let Some(place) = reached.get_mut(index) {
            *place = was;
        }
    }
}

/// Any number of characters that the condition accepts.
fn run(reached: &mut [bool], target: &[char], accepts: impl Fn(char, bool) -> bool) {
    for index in 1..reached.len() {
        if is_set(reached, index - 1)
            && accepts_at(target, index - 1, &accepts)
            && let Some(place) = reached.get_mut(index)
        {
            *place = true;
        }
    }
}

fn is_set(reached: &[bool], index: usize) -> bool {
    reached.get(index).copied().unwrap_or(false)
}

fn accepts_at(target: &[char], index: usize, accepts: impl Fn(char, bool) -> bool) -> bool {
    let begins = index
        .checked_sub(1)
        .is_none_or(|before| target.get(before) == Some(&'/'));
    target
        .get(index)
        .is_some_and(|found| accepts(*found, begins))
}
