//! Names of imported modules, in place of which the module is named in full: regorus evaluates every rule of a module that
//! is named by an import, where OPA evaluates the one that is meant, and an error of another rule would be one of this.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Literal, Module};

use super::super::parts;
use super::{Edit, range};

/// What a module imports, and where it names that.
pub(super) struct Imported<'tree> {
    /// What each name stands for, as the import says it.
    targets: BTreeMap<&'tree str, &'tree str>,
    /// Names that a rule gives another meaning, or that stand alone.
    left: BTreeSet<&'tree str>,
    /// The names by where they stand.
    found: BTreeMap<u32, &'tree Expr>,
}

impl<'tree> Imported<'tree> {
    pub(super) fn of(tree: &'tree Module) -> Self {
        let own = tree.package.refr.span().text();
        // What a test says is shown as it stands, and what fails there is a test.
        let imports = tree.imports.iter().filter(|_| !own.ends_with("_test"));
        let targets = imports.filter_map(|import| {
            let target = import.refr.span().text();
            let path = target.strip_prefix("data.")?;
            // What leads back to the module itself is refused.
            if path.starts_with(own) || own.starts_with(path) {
                return None;
            }
            let last = path.rsplit('.').next()?;
            let name = import.r#as.as_ref().map_or(last, |alias| alias.text());
            (!target.contains('[')).then_some((name, target))
        });
        Self {
            targets: targets.collect(),
            left: BTreeSet::new(),
            found: BTreeMap::new(),
        }
    }

    /// Notes what a statement binds.
    pub(super) fn binds(&mut self, literal: &'tree Literal) {
        match literal {
            Literal::SomeVars { vars, .. } => {
                self.left.extend(vars.iter().map(|name| name.text()));
            }
            Literal::SomeIn { key, value, .. } => {
                key.iter().for_each(|key| self.binds_in(key));
                self.binds_in(value);
            }
            Literal::Every { key, value, .. } => {
                let names = key.iter().chain([value]).map(|name| name.text());
                self.left.extend(names);
            }
            Literal::Expr { .. } | Literal::NotExpr { .. } => {}
        }
    }

    /// Notes every name of a pattern.
    pub(super) fn binds_in(&mut self, pattern: &'tree Expr) {
        if self.targets.is_empty() {
            return;
        }
        let mut pending = vec![pattern];
        while let Some(pattern) = pending.pop() {
            if let Expr::Var { span, .. } = pattern {
                self.left.insert(span.text());
            }
            parts(pattern, &mut pending, &mut Vec::new());
        }
    }

    /// Notes where an expression names a part of what is imported; names of functions are none.
    pub(super) fn names(&mut self, expression: &'tree Expr) {
        let (Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. }) = expression else {
            if let Expr::AssignExpr { lhs, .. } = expression {
                self.binds_in(lhs);
            }
            return;
        };
        if let Expr::Var { span, .. } = refr.as_ref()
            && self.targets.contains_key(span.text())
        {
            self.found.insert(span.start, refr);
        }
    }

    /// What is written in place of the names.
    pub(super) fn in_full(&self) -> impl Iterator<Item = Edit> + use<> {
        let edit = |name: &&Expr| {
            let span = name.span();
            let target = self.targets.get(span.text())?;
            (!self.left.contains(span.text())).then(|| Edit {
                range: range(span),
                text: (*target).to_owned(),
                line: span.line,
            })
        };
        let edits: Vec<Edit> = self.found.values().filter_map(edit).collect();
        edits.into_iter()
    }
}
