//! What a hook's command line does, as far as a shell's words and operators tell.

/// A part of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// A word without its quotes.
    Word(String),
    /// What stands between commands or leads their outputs elsewhere.
    Operator(String),
}

/// A command line that calls `llmspell hook`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HookCall {
    /// The program, without quotes.
    pub(crate) program: String,
    /// The harness that is named.
    pub(crate) harness: Option<String>,
    /// What stands before the program.
    pub(crate) before: Vec<Token>,
    /// What stands behind the arguments, from the first operator.
    pub(crate) after: Vec<Token>,
    /// The arguments behind `hook`.
    pub(crate) arguments: Vec<String>,
}

impl HookCall {
    /// Whether it is a line as `init` writes it for this harness, whichever program it names.
    pub(crate) fn is_plain(&self, harness: &str) -> bool {
        self.before.is_empty()
            && self.arguments == ["--harness", harness]
            && (self.after.is_empty() || self.ends_in_refusal())
    }

    /// Whether every failure of the program is turned into the exit code that refuses.
    pub(crate) fn ends_in_refusal(&self) -> bool {
        let word = |word: &str| Token::Word(word.to_owned());
        self.after == [Token::Operator("||".to_owned()), word("exit"), word("2")]
    }
}

/// The call of `llmspell hook` in a command line, if there is one.
pub(crate) fn hook_call(line: &str) -> Option<HookCall> {
    let tokens = tokens(line);
    let at = tokens
        .iter()
        .zip(tokens.iter().skip(1))
        .position(|(program, command)| {
            matches!((program, command), (Token::Word(program), Token::Word(command))
                if command == "hook" && is_llmspell(program))
        })?;
    let Token::Word(program) = tokens.get(at)?.clone() else {
        return None;
    };
    let rest = tokens.get(at + 2..).unwrap_or_default();
    let end = rest
        .iter()
        .position(|token| matches!(token, Token::Operator(_)))
        .unwrap_or(rest.len());
    let (arguments, after) = rest.split_at(end);
    let arguments: Vec<String> = arguments.iter().map(Token::content).collect();
    Some(HookCall {
        program,
        harness: harness_of(&arguments),
        before: tokens.get(..at).unwrap_or_default().to_vec(),
        after: after.to_vec(),
        arguments,
    })
}

impl Token {
    fn content(&self) -> String {
        match self {
            Self::Word(text) | Self::Operator(text) => text.clone(),
        }
    }
}

fn harness_of(arguments: &[String]) -> Option<String> {
    let joined = arguments
        .iter()
        .find_map(|argument| argument.strip_prefix("--harness=").map(str::to_owned));
    let at = arguments
        .iter()
        .position(|argument| argument == "--harness");
    joined.or_else(|| arguments.get(at? + 1).cloned())
}

/// Whether a path names this program, with whatever ending or release in its name.
pub(crate) fn is_llmspell(program: &str) -> bool {
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    name.strip_prefix("llmspell")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
}

/// The words and operators of a command line.
pub(crate) fn tokens(line: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word: Option<String> = None;
    let mut signs = line.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\'' => {
                let word = word.get_or_insert_default();
                word.extend(signs.by_ref().take_while(|sign| *sign != '\''));
            }
            '"' => quoted(&mut signs, word.get_or_insert_default()),
            '\\' => word.get_or_insert_default().extend(signs.next()),
            ' ' | '\t' => tokens.extend(word.take().map(Token::Word)),
            '|' | '&' | ';' | '\n' | '\r' | '<' | '>' | '(' | ')' => {
                // A number before a redirection belongs to it.
                let number = word.take_if(|word| {
                    "<>".contains(sign) && word.bytes().all(|b| b.is_ascii_digit())
                });
                tokens.extend(word.take().map(Token::Word));
                let mut operator = number.unwrap_or_default();
                operator.push(sign);
                while let Some(next) = signs.next_if(|next| "|&;<>".contains(*next)) {
                    operator.push(next);
                }
                tokens.push(Token::Operator(operator));
            }
            sign => word.get_or_insert_default().push(sign),
        }
    }
    tokens.extend(word.map(Token::Word));
    tokens
}

fn quoted(signs: &mut std::iter::Peekable<std::str::Chars<'_>>, word: &mut String) {
    while let Some(sign) = signs.next() {
        match sign {
            '"' => return,
            '\\' => match signs.next() {
                Some(escaped) if "\"\\$`\n".contains(escaped) => word.push(escaped),
                Some(plain) => word.extend(['\\', plain]),
                None => word.push('\\'),
            },
            sign => word.push(sign),
        }
    }
}

/// A word as a shell takes it for one.
pub(crate) fn quote(word: &str) -> String {
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "_@%+=:,./-".contains(sign);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    if cfg!(windows) {
        return format!("\"{word}\"");
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
