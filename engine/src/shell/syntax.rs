//! The tree of a command text, as the shell's grammar has it.

/// A command text that was parsed.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) body: Vec<Node>,
    /// The here-documents, by the numbers that redirections have.
    pub(super) documents: Vec<RawWord>,
}

/// One command, simple or compound.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Simple(Simple),
    /// Stages that run side by side, each with the output of the one before.
    Pipeline(Vec<Node>),
    /// Commands of which each runs if the one before succeeded (`true`), or failed.
    Chain(Vec<(bool, Node)>),
    /// A command that the shell does not wait for.
    Background(Box<Node>),
    /// `{ … }`, or `( … )` whose changes of variables and directory end with it.
    Group {
        body: Vec<Node>,
        is_subshell: bool,
        redirects: Vec<Redirect>,
    },
    /// `if`, `while`, `until`, `case`: bodies that may run, and may run again.
    Branches {
        subjects: Vec<RawWord>,
        bodies: Vec<Vec<Node>>,
        repeats: bool,
        redirects: Vec<Redirect>,
    },
    For {
        name: String,
        /// None: over the arguments.
        words: Option<Vec<RawWord>>,
        body: Vec<Node>,
        redirects: Vec<Redirect>,
    },
    Function {
        name: String,
        body: Box<Node>,
    },
    /// `[[ … ]]` and `(( … ))`: words that are evaluated, and no command.
    Test {
        words: Vec<RawWord>,
        redirects: Vec<Redirect>,
    },
}

/// A command with its words.
#[derive(Debug, Clone, Default)]
pub(super) struct Simple {
    pub(super) assignments: Vec<Assignment>,
    pub(super) words: Vec<RawWord>,
    pub(super) redirects: Vec<Redirect>,
}

#[derive(Debug, Clone)]
pub(super) struct Assignment {
    pub(super) name: String,
    pub(super) appends: bool,
    pub(super) values: Vec<RawWord>,
    pub(super) is_array: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Redirect {
    pub(super) kind: RedirectKind,
    pub(super) target: RawWord,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RedirectKind {
    Read,
    Write,
    ReadWrite,
    /// `<&` and `>&` with a number or `-`.
    Duplicate,
    Document(usize),
    HereString,
}

/// A word as it was written.
pub(super) type RawWord = Vec<Part>;

#[derive(Debug, Clone)]
pub(super) enum Part {
    /// Text, which is neither split nor a pattern if it was quoted.
    Text {
        text: String,
        quoted: bool,
    },
    Parameter(Box<Parameter>),
    /// `$( … )` and backquotes.
    Substitution {
        body: Vec<Node>,
        quoted: bool,
    },
    /// `<( … )` and `>( … )`.
    Process {
        body: Vec<Node>,
    },
    /// `$(( … ))`: a number, with the words inside.
    Arithmetic(RawWord),
    /// `@( … )` and the like.
    ExtendedGlob,
}

#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) quoted: bool,
    /// `${!name}`.
    pub(super) indirect: bool,
    /// `${#name}`.
    pub(super) length: bool,
    pub(super) subscript: Option<RawWord>,
    /// The sign after the name, such as `:-` or `%%`, and what follows it.
    pub(super) operation: Option<(String, RawWord)>,
}

/// A name of a variable.
pub(super) fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters
        .next()
        .is_some_and(|first| first == '_' || first.is_ascii_alphabetic())
        && characters.all(|next| next == '_' || next.is_ascii_alphanumeric())
}
