//! Makes expressions of a wanted kind, and now and then of another.

use super::{KINDS, Kind, Known, Maker};

const TEXTS: [&str; 14] = [
    "rm",
    "-rf",
    "sudo",
    ".env",
    "/etc/passwd",
    "a",
    "b",
    "",
    " ",
    ",",
    "main",
    "plan",
    "git push",
    "p",
];
const PATTERNS: [&str; 7] = [
    "^rm\\\\s",
    "[a-z]+",
    "(sudo|rm)",
    "\\\\.env$",
    "a,b",
    "^$",
    "--force\\\\b",
];
const GLOBS: [&str; 4] = ["*.rs", "/etc/*", "**", "*a*"];

impl Maker<'_> {
    /// An expression that is most likely of this kind.
    pub(super) fn expression(&mut self, kind: Kind, depth: usize) -> String {
        let kind = if self.random.percent(5) {
            self.uses("another type than expected");
            *self.random.pick(&KINDS)
        } else {
            kind
        };
        if self.random.percent(25)
            && let Some(name) = self.bound(kind)
        {
            return name;
        }
        if self.random.percent(20)
            && let Some(call) = self.of_rule(kind, depth)
        {
            return call;
        }
        let deep = depth > 0 && self.random.percent(70);
        match (kind, deep) {
            (Kind::Text, true) => self.made_text(depth - 1),
            (Kind::Text, false) => self.plain_text(),
            (Kind::Number, true) => self.made_number(depth - 1),
            (Kind::Number, false) => self.plain_number(),
            (Kind::List, true) => self.made_list(depth - 1),
            (Kind::List, false) => self.plain_list(),
            (Kind::Object, true) => self.made_object(depth - 1),
            (Kind::Object, false) => self.object_path(),
            (Kind::Truth, _) => self.truth(depth.saturating_sub(1)),
        }
    }

    fn bound(&mut self, kind: Kind) -> Option<String> {
        let fitting: Vec<String> = self
            .scope
            .iter()
            .filter(|(_, of)| *of == kind)
            .map(|(name, _)| name.clone())
            .collect();
        (!fitting.is_empty()).then(|| self.random.pick(&fitting).clone())
    }

    /// What a rule of the policy, or of the shared helper, says.
    fn of_rule(&mut self, kind: Kind, depth: usize) -> Option<String> {
        if self.random.percent(30) {
            return self.of_helper(kind, depth);
        }
        let known = self.known.clone();
        let fitting: Vec<&Known> = known
            .iter()
            .filter(|known| match known {
                Known::Value(_, of) | Known::Function(_, _, of) => *of == kind,
                Known::Set(_) => kind == Kind::List,
                Known::Object(_) => kind == Kind::Object,
            })
            .collect();
        if fitting.is_empty() {
            return None;
        }
        Some(match self.random.pick(&fitting) {
            Known::Value(name, _) => {
                self.uses("use of a rule");
                name.clone()
            }
            Known::Set(name) | Known::Object(name) => name.clone(),
            Known::Function(name, from, _) => {
                self.uses("call of a function");
                let argument = self.expression(*from, depth.saturating_sub(1));
                format!("{name}({argument})")
            }
        })
    }

    fn of_helper(&mut self, kind: Kind, depth: usize) -> Option<String> {
        self.uses("imported helper");
        let text = self.expression(Kind::Text, depth.saturating_sub(1));
        Some(match kind {
            Kind::Text => format!("shared.first_word({text})"),
            Kind::Number => "shared.limits.count".to_owned(),
            Kind::List => match self.random.below(3) {
                0 => format!("shared.words({text})"),
                1 => "data.cupcake.helpers.shared.protected".to_owned(),
                _ => "shared.forced".to_owned(),
            },
            Kind::Object => "shared.limits".to_owned(),
            Kind::Truth => match self.random.below(2) {
                0 => format!("shared.is_protected({text})"),
                _ => "shared.is_plan".to_owned(),
            },
        })
    }

    /// A part of the event.
    pub(super) fn reference(&mut self) -> String {
        match self.random.below(5) {
            0 => self.text_path(),
            1 => self.list_path(),
            2 => self.object_path(),
            3 => "input.flags.force".to_owned(),
            _ => {
                self.uses("undefined field");
                "input.tool_input.nothing.here".to_owned()
            }
        }
    }

    fn text_path(&mut self) -> String {
        let path = *self.random.pick(&[
            "input.tool_input.command",
            "input.tool_input.command",
            "input.tool_input.file_path",
            "input.tool_input[\"content\"]",
            "input.cwd",
            "input.mode",
            "input.tool_input.env.TOKEN",
            "input.tags[0]",
            "input.tool_input.edits[0].new",
        ]);
        if path.contains('[') {
            self.uses("reference with brackets");
        }
        path.to_owned()
    }

    pub(super) fn list_path(&mut self) -> String {
        (*self.random.pick(&[
            "input.tags",
            "input.tags",
            "input.numbers",
            "input.tool_input.edits",
        ]))
        .to_owned()
    }

    pub(super) fn object_path(&mut self) -> String {
        (*self
            .random
            .pick(&["input.tool_input", "input.tool_input.env", "input.flags"]))
        .to_owned()
    }

    pub(super) fn literal_text(&mut self) -> String {
        format!("\"{}\"", self.random.pick(&TEXTS))
    }

    fn plain_text(&mut self) -> String {
        if self.random.percent(40) {
            self.literal_text()
        } else {
            self.text_path()
        }
    }

    fn made_text(&mut self, depth: usize) -> String {
        let text = self.expression(Kind::Text, depth);
        let literal = self.literal_text();
        let one_argument = ["lower", "upper", "trim_space", "strings.reverse"];
        let two_arguments = [
            "trim",
            "trim_left",
            "trim_right",
            "trim_prefix",
            "trim_suffix",
        ];
        match self.random.below(12) {
            0 | 1 => {
                let function = *self.random.pick(&one_argument);
                self.uses(function);
                format!("{function}({text})")
            }
            2 => {
                let function = *self.random.pick(&two_arguments);
                self.uses(function);
                format!("{function}({text}, {literal})")
            }
            3 => {
                self.uses("replace");
                format!("replace({text}, {literal}, \"x\")")
            }
            4 => {
                self.uses("substring");
                let from = self.random.below(4);
                format!("substring({text}, {from}, 3)")
            }
            5 => {
                self.uses("concat");
                let list = self.expression(Kind::List, depth);
                format!("concat({literal}, {list})")
            }
            6 => {
                self.uses("sprintf");
                let kind = self.kind();
                let any = self.expression(kind, depth);
                let format = self.random.pick(&["%s: %v", "%v and %v", "%s %d"]);
                format!("sprintf(\"{format}\", [{text}, {any}])")
            }
            7 => {
                self.uses("object.get");
                let object = self.expression(Kind::Object, depth);
                format!("object.get({object}, \"command\", {literal})")
            }
            8 => {
                self.uses("type_name");
                let kind = self.kind();
                let any = self.expression(kind, depth);
                format!("type_name({any})")
            }
            9 => {
                self.uses("format_int");
                let number = self.expression(Kind::Number, depth);
                format!("format_int({number}, 10)")
            }
            10 => {
                self.uses("json.marshal");
                let kind = self.kind();
                let any = self.expression(kind, depth);
                format!("json.marshal({any})")
            }
            _ => {
                self.uses("regex.replace");
                let pattern = self.random.pick(&PATTERNS);
                format!("regex.replace({text}, \"{pattern}\", \"-\")")
            }
        }
    }

    fn plain_number(&mut self) -> String {
        (*self.random.pick(&[
            "0",
            "1",
            "2",
            "3",
            "-1",
            "2.5",
            "100",
            "input.count",
            "input.tool_input.timeout",
            "input.numbers[0]",
        ]))
        .to_owned()
    }

    fn made_number(&mut self, depth: usize) -> String {
        if !self.is_plain && self.random.percent(20) {
            self.uses("arithmetic");
            return self.arithmetic(depth);
        }
        let of_number = ["abs", "ceil", "floor", "round"];
        let of_list = ["sum", "max", "min"];
        match self.random.below(6) {
            0 | 1 => {
                self.uses("count");
                let kind = *self.random.pick(&[Kind::List, Kind::Text, Kind::Object]);
                let any = self.expression(kind, depth);
                format!("count({any})")
            }
            2 => {
                self.uses("indexof");
                let (text, literal) = (self.expression(Kind::Text, depth), self.literal_text());
                format!("indexof({text}, {literal})")
            }
            3 => {
                self.uses("to_number");
                let text = self.expression(Kind::Text, depth);
                format!("to_number({text})")
            }
            4 => {
                let function = *self.random.pick(&of_number);
                self.uses(function);
                let number = self.expression(Kind::Number, depth);
                format!("{function}({number})")
            }
            _ => {
                let function = *self.random.pick(&of_list);
                self.uses(function);
                format!("{function}(input.numbers)")
            }
        }
    }

    pub(super) fn arithmetic(&mut self, depth: usize) -> String {
        let one = self.expression(Kind::Number, depth.min(1));
        let other = self.plain_number();
        let sign = self.random.pick(&["+", "-", "*", "/", "%"]);
        format!("1 * ({one}) {sign} ({other})")
    }

    fn plain_list(&mut self) -> String {
        match self.random.below(3) {
            0 => {
                self.uses("array");
                let (one, other) = (self.literal_text(), self.plain_text());
                format!("[{one}, {other}]")
            }
            1 => {
                self.uses("set");
                let (one, other) = (self.literal_text(), self.literal_text());
                format!("{{{one}, {other}}}")
            }
            _ => self.list_path(),
        }
    }

    fn made_list(&mut self, depth: usize) -> String {
        let choices = if self.is_plain { 11 } else { 13 };
        match self.random.below(choices) {
            0 | 1 => {
                self.uses("array comprehension");
                self.comprehension(depth, "[", "]")
            }
            2 | 3 => {
                self.uses("set comprehension");
                self.comprehension(depth, "{", "}")
            }
            4 => {
                self.uses("split");
                let (text, literal) = (self.expression(Kind::Text, depth), self.literal_text());
                format!("split({text}, {literal})")
            }
            5 => {
                self.uses("array.concat");
                let (one, other) = (self.plain_list(), self.expression(Kind::List, depth));
                format!("array.concat({one}, {other})")
            }
            6 => {
                let function = *self.random.pick(&["sort", "array.reverse"]);
                self.uses(function);
                let list = self.expression(Kind::List, depth);
                format!("{function}({list})")
            }
            7 => {
                self.uses("array.slice");
                let list = self.expression(Kind::List, depth);
                format!("array.slice({list}, 0, 1)")
            }
            8 => {
                self.uses("object.keys");
                let object = self.expression(Kind::Object, depth);
                format!("object.keys({object})")
            }
            9 => {
                let function = *self.random.pick(&["regex.find_n", "regex.split"]);
                self.uses(function);
                let text = self.expression(Kind::Text, depth);
                let pattern = self.random.pick(&PATTERNS);
                if function == "regex.split" {
                    format!("regex.split(\"{pattern}\", {text})")
                } else {
                    format!("regex.find_n(\"{pattern}\", {text}, -1)")
                }
            }
            10 => {
                let function = *self.random.pick(&["union", "intersection"]);
                self.uses(function);
                let (one, other) = (self.plain_list(), self.literal_text());
                format!("{function}({{ {{{other}, \"a\"}}, {{x | some x in {one}}} }})")
            }
            _ => {
                self.uses("set operator");
                let sign = self.random.pick(&["&", "|", "-"]);
                let (one, other) = (self.literal_text(), self.plain_list());
                format!("{{{one}, \"a\"}} {sign} {{x | some x in {other}}}")
            }
        }
    }

    pub(super) fn comprehension(&mut self, depth: usize, open: &str, close: &str) -> String {
        let outer = self.scope.clone();
        let list = self.expression(Kind::List, depth.saturating_sub(1));
        let name = self.name("v");
        self.scope.push((name.clone(), Kind::Text));
        let term = if self.random.percent(50) {
            name.clone()
        } else {
            self.expression(Kind::Text, depth.min(1))
        };
        let condition = if self.random.percent(50) {
            let test = self.truth(0);
            format!("; {test}")
        } else {
            String::new()
        };
        self.scope = outer;
        format!("{open}{term} | some {name} in {list}{condition}{close}")
    }

    fn made_object(&mut self, depth: usize) -> String {
        let choices = if self.is_plain { 5 } else { 7 };
        match self.random.below(choices) {
            0 | 1 => {
                self.uses("object");
                let kind = self.kind();
                let (one, other) = (
                    self.expression(Kind::Text, depth),
                    self.expression(kind, depth),
                );
                format!("{{\"command\": {one}, \"a\": {other}}}")
            }
            2 => {
                self.uses("object.union");
                let (one, other) = (self.object_path(), self.expression(Kind::Object, depth));
                format!("object.union({one}, {other})")
            }
            3 => {
                self.uses("object.remove");
                let object = self.expression(Kind::Object, depth);
                format!("object.remove({object}, [\"command\"])")
            }
            4 => {
                self.uses("json.unmarshal");
                r#"json.unmarshal("{\"command\": \"rm\", \"a\": 1}")"#.to_owned()
            }
            _ => {
                self.uses("object comprehension");
                let object = self.expression(Kind::Object, depth);
                let (key, value) = (self.name("k"), self.name("v"));
                if self.random.percent(50) {
                    format!("{{{key}: {value} | some {key}, {value} in {object}}}")
                } else {
                    format!("{{{value}: {key} | some {key}, {value} in {object}}}")
                }
            }
        }
    }

    fn truth(&mut self, depth: usize) -> String {
        let of_any = [
            "is_string",
            "is_number",
            "is_array",
            "is_object",
            "is_set",
            "is_boolean",
            "is_null",
        ];
        let of_texts = ["contains", "contains", "startswith", "endswith"];
        match self.random.below(10) {
            0..=3 => {
                let function = *self.random.pick(&of_texts);
                self.uses(function);
                let (text, literal) = (self.expression(Kind::Text, depth), self.literal_text());
                format!("{function}({text}, {literal})")
            }
            4 | 5 => {
                self.uses("regex.match");
                let text = self.expression(Kind::Text, depth);
                let pattern = self.random.pick(&PATTERNS);
                format!("regex.match(\"{pattern}\", {text})")
            }
            6 => {
                self.uses("glob.match");
                let text = self.expression(Kind::Text, depth);
                let pattern = self.random.pick(&GLOBS);
                format!("glob.match(\"{pattern}\", [], {text})")
            }
            7 => {
                let function = *self.random.pick(&of_any);
                self.uses(function);
                let kind = self.kind();
                let any = self.expression(kind, depth);
                format!("{function}({any})")
            }
            8 => {
                let function = *self
                    .random
                    .pick(&["strings.any_prefix_match", "strings.any_suffix_match"]);
                self.uses(function);
                let (text, list) = (self.expression(Kind::Text, depth), self.plain_list());
                format!("{function}({text}, {list})")
            }
            _ => {
                self.uses("regex.is_valid");
                let text = self.expression(Kind::Text, depth);
                format!("regex.is_valid({text})")
            }
        }
    }
}
