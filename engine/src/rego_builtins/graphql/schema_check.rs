//! Whether the tree of a schema holds together, by the rules of gqlparser, which are those of the specification.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::schema;
use crate::value::Value;

/// What every schema has without saying so.
const PRELUDE: &str = r#"
scalar Int scalar Float scalar String scalar Boolean scalar ID
directive @defer(if: Boolean = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @deprecated(reason: String = "No longer supported")
  on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
directive @specifiedBy(url: String!) on SCALAR
directive @oneOf on INPUT_OBJECT
type __Schema { types: [__Type!]! queryType: __Type! directives: [__Directive!]! }
type __Type { kind: __TypeKind! name: String ofType: __Type }
type __Field { name: String! args: [__InputValue!]! type: __Type! }
type __InputValue { name: String! type: __Type! defaultValue: String }
type __EnumValue { name: String! isDeprecated: Boolean! }
type __Directive { name: String! locations: [__DirectiveLocation!]! args: [__InputValue!]! }
enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }
enum __DirectiveLocation { QUERY FIELD SCHEMA SCALAR OBJECT }
"#;

/// Directives that a schema may define once more.
const BUILTIN_DIRECTIVES: [&str; 6] = [
    "include",
    "skip",
    "deprecated",
    "specifiedBy",
    "defer",
    "oneOf",
];

/// Whether the rules hold.
pub(super) fn holds(tree: &Value) -> bool {
    static PRELUDE_TREE: LazyLock<Option<Value>> = LazyLock::new(|| schema::parse(PRELUDE).ok());
    PRELUDE_TREE
        .as_ref()
        .and_then(|prelude| Schema::gather(prelude, tree))
        .is_some_and(|schema| schema.holds(tree))
}

fn part<'tree>(node: &'tree Value, name: &str) -> Option<&'tree Value> {
    node.as_object().ok()?.get(&Value::from(name))
}

fn word<'tree>(node: &'tree Value, name: &str) -> &'tree str {
    match part(node, name) {
        Some(Value::String(text)) => text,
        _ => "",
    }
}

fn list<'tree>(node: &'tree Value, name: &str) -> Vec<&'tree Value> {
    match part(node, name) {
        Some(Value::Array(elements)) => elements.iter().collect(),
        _ => Vec::new(),
    }
}

fn words<'tree>(node: &'tree Value, name: &str) -> Vec<&'tree str> {
    let texts = list(node, name).into_iter();
    texts
        .filter_map(|element| match element {
            Value::String(text) => Some(text.as_ref()),
            _ => None,
        })
        .collect()
}

fn named<'tree>(nodes: &[&'tree Value], name: &str) -> Option<&'tree Value> {
    nodes
        .iter()
        .copied()
        .find(|node| word(node, "Name") == name)
}

/// Names that begin like this belong to GraphQL itself.
fn is_reserved(node: &Value) -> bool {
    word(node, "Name").starts_with("__")
}

/// A type with everything that its extensions add.
struct Definition<'tree> {
    kind: &'tree str,
    is_own: bool,
    directives: Vec<&'tree Value>,
    interfaces: Vec<&'tree str>,
    fields: Vec<&'tree Value>,
    types: Vec<&'tree str>,
    values: Vec<&'tree Value>,
}

impl<'tree> Definition<'tree> {
    const fn new(kind: &'tree str, is_own: bool) -> Self {
        Self {
            kind,
            is_own,
            directives: Vec::new(),
            interfaces: Vec::new(),
            fields: Vec::new(),
            types: Vec::new(),
            values: Vec::new(),
        }
    }

    fn extend(&mut self, node: &'tree Value) {
        self.directives.extend(list(node, "Directives"));
        self.interfaces.extend(words(node, "Interfaces"));
        self.fields.extend(list(node, "Fields"));
        self.types.extend(words(node, "Types"));
        self.values.extend(list(node, "EnumValues"));
    }

    fn is_input(&self) -> bool {
        matches!(self.kind, "SCALAR" | "ENUM" | "INPUT_OBJECT")
    }
}

struct Schema<'tree> {
    types: BTreeMap<&'tree str, Definition<'tree>>,
    directives: BTreeMap<&'tree str, &'tree Value>,
}

impl<'tree> Schema<'tree> {
    /// Puts definitions and extensions together; `None` if they contradict each other.
    fn gather(prelude: &'tree Value, tree: &'tree Value) -> Option<Self> {
        let mut schema = Self {
            types: BTreeMap::new(),
            directives: BTreeMap::new(),
        };
        for (document, is_own) in [(prelude, false), (tree, true)] {
            for node in list(document, "Definitions") {
                let mut definition = Definition::new(word(node, "Kind"), is_own);
                definition.extend(node);
                if schema
                    .types
                    .insert(word(node, "Name"), definition)
                    .is_some()
                {
                    return None;
                }
            }
        }
        for node in list(tree, "Extensions") {
            let kind = word(node, "Kind");
            let definition = schema
                .types
                .entry(word(node, "Name"))
                .or_insert_with(|| Definition::new(kind, true));
            if definition.kind != kind {
                return None;
            }
            definition.extend(node);
        }
        for document in [prelude, tree] {
            for node in list(document, "Directives") {
                let name = word(node, "Name");
                let before = schema.directives.insert(name, node);
                if before.is_some() && !BUILTIN_DIRECTIVES.contains(&name) {
                    return None;
                }
            }
        }
        Some(schema)
    }

    fn holds(&self, tree: &Value) -> bool {
        let schemas = list(tree, "Schema");
        let entry_points = schemas.iter().copied().chain(list(tree, "SchemaExtension"));
        schemas.len() <= 1
            && entry_points.into_iter().all(|node| {
                let operations = list(node, "OperationTypes");
                let are_there = operations
                    .iter()
                    .all(|operation| self.types.contains_key(word(operation, "Type")));
                are_there && self.directives_hold(&list(node, "Directives"), "SCHEMA", None)
            })
            && self
                .types
                .iter()
                .all(|(name, definition)| self.definition_holds(name, definition))
            && self.directives.values().all(|node| {
                !is_reserved(node) && self.arguments_hold(&list(node, "Arguments"), Some(node))
            })
    }

    /// The type at the bottom of a reference.
    fn named_type(&self, reference: Option<&'tree Value>) -> Option<&Definition<'tree>> {
        let mut reference = reference?;
        while let Some(element) = part(reference, "Elem") {
            reference = element;
        }
        self.types.get(word(reference, "NamedType"))
    }

    fn definition_holds(&self, name: &str, definition: &Definition<'tree>) -> bool {
        let fields = &definition.fields;
        let location = if definition.kind == "INPUT_OBJECT" {
            "INPUT_FIELD_DEFINITION"
        } else {
            "FIELD_DEFINITION"
        };
        let fields_hold = fields.iter().all(|field| {
            let kind = self.named_type(part(field, "Type")).map(|found| found.kind);
            let fits = match definition.kind {
                "OBJECT" | "INTERFACE" => kind != Some("INPUT_OBJECT"),
                "INPUT_OBJECT" => matches!(kind, Some("SCALAR" | "ENUM" | "INPUT_OBJECT")),
                _ => true,
            };
            kind.is_some()
                && fits
                && !is_reserved(field)
                && self.arguments_hold(&list(field, "Arguments"), None)
                && self.directives_hold(&list(field, "Directives"), location, None)
        });
        let mut names: Vec<&str> = fields.iter().map(|field| word(field, "Name")).collect();
        names.sort_unstable();
        let names_differ = names.windows(2).all(|pair| pair.first() != pair.last());
        let has_content = match definition.kind {
            "OBJECT" | "INTERFACE" | "INPUT_OBJECT" => !fields.is_empty(),
            "ENUM" => !definition.values.is_empty(),
            _ => true,
        };
        fields_hold
            && names_differ
            && has_content
            && definition.values.iter().all(|value| {
                !matches!(word(value, "Name"), "true" | "false" | "null")
                    && self.directives_hold(&list(value, "Directives"), "ENUM_VALUE", None)
            })
            && definition.types.iter().all(|member| {
                let member = self.types.get(member);
                member.is_some_and(|member| member.kind == "OBJECT")
            })
            && definition
                .interfaces
                .iter()
                .all(|interface| self.implements(definition, interface))
            && (!definition.is_own || !name.starts_with("__"))
            && self.directives_hold(&definition.directives, definition.kind, None)
    }

    fn arguments_hold(&self, arguments: &[&'tree Value], of: Option<&Value>) -> bool {
        arguments.iter().all(|argument| {
            !is_reserved(argument)
                && self
                    .named_type(part(argument, "Type"))
                    .is_some_and(Definition::is_input)
                && self.directives_hold(&list(argument, "Directives"), "ARGUMENT_DEFINITION", of)
        })
    }

    /// Whether directives are known, stand where they may, and have their arguments; `of` is one that is defined here.
    fn directives_hold(&self, directives: &[&Value], location: &str, of: Option<&Value>) -> bool {
        directives.iter().all(|directive| {
            let name = word(directive, "Name");
            let refers_to_itself = of.is_some_and(|of| word(of, "Name") == name);
            let Some(definition) = self.directives.get(name) else {
                return false;
            };
            let given = list(directive, "Arguments");
            let wanted = list(definition, "Arguments");
            let has_required = wanted.iter().all(|argument| {
                let is_required = part(argument, "Type")
                    .and_then(|reference| part(reference, "NonNull"))
                    == Some(&Value::from(true))
                    && part(argument, "DefaultValue").is_none();
                let value = named(&given, word(argument, "Name"))
                    .and_then(|argument| part(argument, "Value"));
                let is_null = value.and_then(|value| part(value, "Kind")) == Some(&Value::from(6));
                !is_required || (value.is_some() && !is_null)
            });
            !refers_to_itself
                && !is_reserved(directive)
                && words(definition, "Locations").contains(&location)
                && given
                    .iter()
                    .all(|argument| named(&wanted, word(argument, "Name")).is_some())
                && has_required
        })
    }

    /// Whether a type has what an interface asks for.
    fn implements(&self, definition: &Definition<'tree>, interface: &str) -> bool {
        let Some(interface) = self
            .types
            .get(interface)
            .filter(|found| found.kind == "INTERFACE")
        else {
            return false;
        };
        let fields_fit = interface.fields.iter().all(|wanted| {
            let found = named(&definition.fields, word(wanted, "Name"));
            found.is_some_and(|found| self.field_fits(wanted, found))
        });
        let ancestors_fit = interface
            .interfaces
            .iter()
            .all(|ancestor| definition.interfaces.contains(ancestor));
        fields_fit && ancestors_fit
    }

    fn field_fits(&self, wanted: &Value, found: &Value) -> bool {
        let (wanted_arguments, found_arguments) =
            (list(wanted, "Arguments"), list(found, "Arguments"));
        let has_wanted = wanted_arguments.iter().all(|argument| {
            named(&found_arguments, word(argument, "Name"))
                .is_some_and(|found| are_compatible(part(argument, "Type"), part(found, "Type")))
        });
        let others_are_optional = found_arguments.iter().all(|argument| {
            let is_wanted = named(&wanted_arguments, word(argument, "Name")).is_some();
            let is_required = part(argument, "Type")
                .and_then(|reference| part(reference, "NonNull"))
                == Some(&Value::from(true))
                && part(argument, "DefaultValue").is_none();
            is_wanted || !is_required
        });
        has_wanted
            && others_are_optional
            && self.is_covariant(part(wanted, "Type"), part(found, "Type"))
    }

    fn is_covariant(&self, wanted: Option<&Value>, found: Option<&Value>) -> bool {
        let (Some(wanted), Some(found)) = (wanted, found) else {
            return false;
        };
        let always = Some(&Value::from(true));
        if part(wanted, "NonNull") == always && part(found, "NonNull") != always {
            return false;
        }
        match (part(wanted, "Elem"), part(found, "Elem")) {
            (Some(wanted), Some(found)) => self.is_covariant(Some(wanted), Some(found)),
            (Some(_), None) => false,
            (None, _) => {
                let (wanted, found) = (word(wanted, "NamedType"), word(found, "NamedType"));
                wanted == found || (!found.is_empty() && self.is_possible(wanted, found))
            }
        }
    }

    /// Whether one type is among those that another one stands for.
    fn is_possible(&self, wanted: &str, found: &str) -> bool {
        let is_member = self
            .types
            .get(wanted)
            .is_some_and(|wanted| wanted.types.contains(&found));
        let is_implementation = self
            .types
            .get(found)
            .is_some_and(|found| found.interfaces.contains(&wanted));
        is_member || is_implementation
    }
}

/// Whether a value of one type may stand where the other is wanted.
fn are_compatible(one: Option<&Value>, other: Option<&Value>) -> bool {
    let (Some(one), Some(other)) = (one, other) else {
        return one.is_none() && other.is_none();
    };
    let always = Some(&Value::from(true));
    word(one, "NamedType") == word(other, "NamedType")
        && are_compatible(part(one, "Elem"), part(other, "Elem"))
        && (part(other, "NonNull") != always || part(one, "NonNull") == always)
}
