//! The operands of a module's arithmetic that may turn out to be of the wrong type.

use std::ops::Range;

use regorus::unstable::{ArithOp, Expr, Literal, Query, Rule};

use super::survey::expressions_of;
use super::syntax::{Module, range, with_quotes};

/// What an operator wants of its operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wanted {
    Number,
    /// A number that is not zero.
    Divisor,
    /// A number without a fraction.
    Whole,
    /// The same, and not zero.
    WholeDivisor,
    NumberOrSet,
    Set,
    /// An array, a set or an object, through which `some … in` goes.
    Collection,
    /// The same where an array is made of it: a set gives its elements in their order.
    Ordered,
}

/// An operand whose value is not known before the evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operand {
    pub(crate) wanted: Wanted,
    pub(crate) line: u32,
    /// Its bytes in the module's text.
    pub(crate) range: Range<usize>,
}

impl Module {
    /// The operands of arithmetic and of sets, and what `some … in` goes through, in no order.
    pub(crate) fn operands(&self) -> Vec<Operand> {
        let rules = &self.tree().policy;
        let mut operands = Vec::new();
        for rule in rules {
            let expressions = expressions_of(rule);
            let collections = collections(rule, &expressions).into_iter();
            operands.extend(
                collections.filter_map(|(expression, wanted)| self.operand(expression, wanted)),
            );
            self.add_operands(&expressions, &mut operands);
        }
        operands
    }

    fn add_operands(&self, expressions: &[&Expr], operands: &mut Vec<Operand>) {
        for expression in expressions {
            match expression {
                Expr::ArithExpr { op, lhs, rhs, .. } => {
                    let (left, right) = wanted(op, lhs, rhs);
                    operands.extend(self.operand(lhs, left));
                    operands.extend(self.operand(rhs, right));
                }
                Expr::BinExpr { lhs, rhs, .. } => {
                    operands.extend(self.operand(lhs, Wanted::Set));
                    operands.extend(self.operand(rhs, Wanted::Set));
                }
                Expr::UnaryExpr { expr, .. } => {
                    operands.extend(self.operand(expr, Wanted::Number));
                }
                _ => {}
            }
        }
    }

    /// The operand, unless its type stands in the text.
    fn operand(&self, expression: &Expr, wanted: Wanted) -> Option<Operand> {
        let is_open = match expression {
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } | Expr::Call { .. } => {
                true
            }
            // Nothing that one can go through.
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. } => matches!(wanted, Wanted::Collection | Wanted::Ordered),
            Expr::Set { .. } | Expr::SetCompr { .. } => wanted == Wanted::Ordered,
            // A number, which may be zero or broken, or stand where a set should.
            Expr::ArithExpr { .. } | Expr::Number { .. } => {
                !matches!(wanted, Wanted::Number | Wanted::NumberOrSet)
            }
            _ => false,
        };
        let range = with_quotes(&self.text, range(expression.span()));
        let text = self.text.get(range.clone())?;
        (is_open && is_balanced(text)).then(|| Operand {
            wanted,
            line: expression.span().line,
            range,
        })
    }
}

/// What `some … in` goes through, in the bodies of a rule and in those of its expressions.
fn collections<'tree>(
    rule: &'tree Rule,
    expressions: &[&'tree Expr],
) -> Vec<(&'tree Expr, Wanted)> {
    let mut queries: Vec<(&Query, Wanted)> = match rule {
        Rule::Spec { bodies, .. } => {
            let bodies = bodies.iter().map(|body| body.query.as_ref());
            bodies.map(|query| (query, Wanted::Collection)).collect()
        }
        Rule::Default { .. } => Vec::new(),
    };
    queries.extend(
        expressions
            .iter()
            .filter_map(|expression| match expression {
                Expr::ArrayCompr { query, .. } => Some((query.as_ref(), Wanted::Ordered)),
                Expr::SetCompr { query, .. } | Expr::ObjectCompr { query, .. } => {
                    Some((query.as_ref(), Wanted::Collection))
                }
                _ => None,
            }),
    );
    let mut collections = Vec::new();
    while let Some((query, wanted)) = queries.pop() {
        for statement in &query.stmts {
            match &statement.literal {
                Literal::SomeIn {
                    key: None,
                    collection,
                    ..
                } => collections.push((collection.as_ref(), wanted)),
                // The key of an element of a set is the element itself, that of an array's is its place.
                Literal::SomeIn { collection, .. } => {
                    collections.push((collection.as_ref(), Wanted::Collection));
                }
                Literal::Every { query, .. } => queries.push((query, Wanted::Collection)),
                _ => {}
            }
        }
    }
    collections
}

const fn wanted(operator: &ArithOp, left: &Expr, right: &Expr) -> (Wanted, Wanted) {
    match operator {
        ArithOp::Add | ArithOp::Mul => (Wanted::Number, Wanted::Number),
        ArithOp::Sub => (beside(right), beside(left)),
        ArithOp::Div => (Wanted::Number, Wanted::Divisor),
        ArithOp::Mod => (Wanted::Whole, Wanted::WholeDivisor),
    }
}

/// What stands beside an operand of `-`, which takes two numbers or two sets.
const fn beside(other: &Expr) -> Wanted {
    match other {
        Expr::Set { .. } | Expr::SetCompr { .. } => Wanted::Set,
        Expr::Number { .. } => Wanted::Number,
        _ => Wanted::NumberOrSet,
    }
}

/// Whether a text is a whole expression, and so may stand inside parentheses of a call.
pub(super) fn is_balanced(text: &str) -> bool {
    let mut depth = 0_i32;
    for character in text.chars() {
        depth += match character {
            '(' | '[' | '{' => 1,
            ')' | ']' | '}' => -1,
            _ => 0,
        };
        if depth < 0 {
            return false;
        }
    }
    depth == 0 && !text.is_empty()
}
