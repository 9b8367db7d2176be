//! Ways through graphs whose edges stand in an object: each node with its neighbours.

use std::collections::BTreeSet;

use regorus::value::Object;

use super::arguments::{MAX_ELEMENTS, Outcome, elements, object};
use super::{Builtin, BuiltinError, Context};
use crate::value::Value;

pub(super) const TABLE: &[Builtin] = &[Builtin::new("graph.reachable_paths", 2, reachable_paths)];

/// Nodes of one path.
const MAX_DEPTH: usize = 256;

/// Every way from the nodes in the second argument, as far as it goes without coming round.
fn reachable_paths(arguments: &[Value], context: &Context) -> Outcome {
    let graph = object(arguments, 0)?;
    let mut walk = Walk {
        graph,
        context,
        found: BTreeSet::new(),
        nodes: 0,
    };
    for start in elements(arguments, 1)? {
        let Some(neighbours) = graph.get(start).map(neighbours) else {
            continue;
        };
        if neighbours.is_empty() {
            walk.found.insert(Value::from(vec![start.clone()]));
        }
        for neighbour in neighbours {
            let mut reached = BTreeSet::from([start.clone()]);
            walk.follow(neighbour, &mut vec![start.clone()], &mut reached)?;
        }
    }
    Ok(Value::from(walk.found))
}

fn neighbours(edges: &Value) -> Vec<&Value> {
    match edges {
        Value::Array(nodes) => nodes.iter().collect(),
        Value::Set(nodes) => nodes.iter_sorted().collect(),
        _ => Vec::new(),
    }
}

struct Walk<'call> {
    graph: &'call Object,
    context: &'call Context,
    found: BTreeSet<Value>,
    /// The nodes that were visited and that stand in paths: what bounds the work.
    nodes: usize,
}

impl Walk<'_> {
    fn follow(
        &mut self,
        node: &Value,
        path: &mut Vec<Value>,
        reached: &mut BTreeSet<Value>,
    ) -> Result<(), BuiltinError> {
        let Some(neighbours) = self.graph.get(node).map(neighbours) else {
            return self.end(path);
        };
        path.push(node.clone());
        if path.len() > MAX_DEPTH {
            return Err(BuiltinError::too_large());
        }
        if neighbours.is_empty() {
            self.end(path)?;
        }
        for neighbour in neighbours {
            if reached.contains(neighbour) {
                self.end(path)?;
            } else {
                reached.insert(node.clone());
                self.follow(neighbour, path, reached)?;
            }
        }
        path.pop();
        Ok(())
    }

    fn end(&mut self, path: &[Value]) -> Result<(), BuiltinError> {
        self.nodes += path.len();
        if self.nodes > MAX_ELEMENTS {
            return Err(BuiltinError::too_large());
        }
        self.context.check()?;
        self.found.insert(Value::from(path.to_vec()));
        Ok(())
    }
}
