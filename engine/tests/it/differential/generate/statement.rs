//! Makes the statements of a body; a statement that binds a variable puts it into the scope.

use super::{Kind, Maker};

impl Maker<'_> {
    /// One statement, with those that must stand before it.
    pub(super) fn statement(&mut self, depth: usize) -> Vec<String> {
        let choices = if self.is_plain { 14 } else { 22 };
        match self.random.below(choices) {
            0 | 1 => vec![self.comparison(depth)],
            2 | 3 => vec![self.test(depth)],
            4 => vec![self.assignment(depth)],
            5 => vec![self.some_in(depth)],
            6 => vec![self.some_pair(depth)],
            7 => {
                let kind = self.kind();
                vec![self.expression(kind, depth)]
            }
            8 => vec![self.every(depth)],
            9 | 10 => vec![self.negation(depth)],
            11 => vec![self.membership(depth)],
            12 => {
                self.uses("reference with a variable");
                let list = self.list_path();
                let text = self.literal_text();
                let sign = self.sign();
                vec![format!("{list}[_] {sign} {text}")]
            }
            13 => {
                self.uses("reference as a condition");
                vec![self.reference()]
            }
            14 => self.some_index(depth),
            15 => {
                self.uses("membership of a pair");
                let object = self.expression(Kind::Object, depth - 1);
                let text = self.literal_text();
                vec![format!("\"a\", {text} in {object}")]
            }
            16 => {
                self.uses("unification");
                let reference = self.reference();
                let text = self.literal_text();
                vec![format!("{reference} = {text}")]
            }
            17 => {
                self.uses("unification");
                let name = self.name("v");
                let list = self.expression(Kind::List, depth - 1);
                let statement = format!("[{name}, _] = {list}");
                self.scope.push((name, Kind::Text));
                vec![statement]
            }
            18 | 19 => vec![self.with(depth)],
            20 => {
                self.uses("arithmetic");
                let (one, other) = (self.arithmetic(depth), self.expression(Kind::Number, 1));
                let sign = self.sign();
                vec![format!("{one} {sign} {other}")]
            }
            _ => {
                self.uses("print");
                let text = self.reference();
                vec![format!("print({text})")]
            }
        }
    }

    pub(super) fn sign(&mut self) -> &'static str {
        let sign = *self.random.pick(&["==", "!=", "<", "<=", ">", ">="]);
        self.uses(sign);
        sign
    }

    fn comparison(&mut self, depth: usize) -> String {
        self.uses("comparison");
        let kind = self.kind();
        let other = if self.random.percent(85) {
            kind
        } else {
            self.uses("comparison of mixed types");
            self.kind()
        };
        let one = self.expression(kind, depth);
        let other = self.expression(other, depth - 1);
        let sign = self.sign();
        format!("{one} {sign} {other}")
    }

    /// A call that is true or false.
    pub(super) fn test(&mut self, depth: usize) -> String {
        self.expression(Kind::Truth, depth)
    }

    fn assignment(&mut self, depth: usize) -> String {
        self.uses("assignment");
        let kind = self.kind();
        let value = self.expression(kind, depth);
        let name = self.name("v");
        let statement = format!("{name} := {value}");
        self.scope.push((name, kind));
        statement
    }

    fn some_in(&mut self, depth: usize) -> String {
        self.uses("some in");
        let list = self.expression(Kind::List, depth - 1);
        let name = self.name("v");
        let statement = format!("some {name} in {list}");
        self.scope.push((name, Kind::Text));
        statement
    }

    fn some_pair(&mut self, depth: usize) -> String {
        self.uses("some key and value in");
        let is_list = self.random.percent(50);
        let kind = if is_list { Kind::List } else { Kind::Object };
        let collection = self.expression(kind, depth - 1);
        let (key, value) = (self.name("k"), self.name("v"));
        let statement = format!("some {key}, {value} in {collection}");
        let of_key = if is_list { Kind::Number } else { Kind::Text };
        self.scope.push((key, of_key));
        self.scope.push((value, Kind::Text));
        statement
    }

    fn some_index(&mut self, depth: usize) -> Vec<String> {
        self.uses("some");
        self.uses("reference with a variable");
        let index = self.name("i");
        let list = self.list_path();
        self.scope.push((index.clone(), Kind::Number));
        let other = self.expression(Kind::Text, depth - 1);
        let sign = self.sign();
        vec![
            format!("some {index}"),
            format!("{list}[{index}] {sign} {other}"),
        ]
    }

    fn every(&mut self, depth: usize) -> String {
        self.uses("every");
        let list = self.expression(Kind::List, depth - 1);
        let outer = self.scope.clone();
        let name = self.name("v");
        let bound = if self.random.percent(30) {
            let key = self.name("k");
            self.scope.push((key.clone(), Kind::Number));
            format!("{key}, {name}")
        } else {
            name.clone()
        };
        self.scope.push((name.clone(), Kind::Text));
        let text = self.literal_text();
        let first = if self.random.percent(50) {
            format!("{name} != {text}")
        } else {
            self.uses("contains");
            format!("not contains({name}, {text})")
        };
        let second = self.test(depth - 1);
        self.scope = outer;
        if self.random.percent(50) {
            format!("every {bound} in {list} {{ {first} }}")
        } else {
            format!("every {bound} in {list} {{ {first}; {second} }}")
        }
    }

    fn negation(&mut self, depth: usize) -> String {
        self.uses("not");
        let inner = match self.random.below(7) {
            0 => self.reference(),
            1 => {
                let one = self.expression(Kind::Text, depth - 1);
                let text = self.literal_text();
                let sign = self.sign();
                format!("{one} {sign} {text}")
            }
            2 => self.membership(depth),
            3 | 4 => self.test(depth),
            _ => self.negated(depth),
        };
        format!("not {inner}")
    }

    fn membership(&mut self, depth: usize) -> String {
        self.uses("in");
        let text = self.expression(Kind::Text, depth - 1);
        let list = self.expression(Kind::List, depth - 1);
        format!("{text} in {list}")
    }

    fn with(&mut self, depth: usize) -> String {
        self.uses("with");
        let inner = self.expression(Kind::Truth, depth);
        let value = self.literal_text();
        let target = *self.random.pick(&[
            "input.mode",
            "input.tool_input.command",
            "input.tool_input",
            "input.tool_name",
        ]);
        if self.random.percent(30) {
            let object = self
                .random
                .pick(&["{}", "{\"tool_input\": {\"command\": \"rm -rf /\"}}"]);
            return format!("{inner} with input as {object}");
        }
        format!("{inner} with {target} as {value}")
    }
}
