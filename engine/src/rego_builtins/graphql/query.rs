//! Reads queries (GraphQL specification of October 2021, section 2).

use super::grammar::{Parsed, Parser, node};
use super::lexer::Kind;
use crate::rego_builtins::BuiltinError;
use crate::value::Value;

/// The tree of a document with operations and fragments.
pub(super) fn parse(document: &str) -> Parsed {
    let mut parser = Parser::new(document)?;
    let (mut operations, mut fragments) = (Vec::new(), Vec::new());
    while parser.kind() != Kind::End {
        if parser.is_keyword("fragment") {
            fragments.push(fragment_definition(&mut parser)?);
        } else {
            operations.push(operation(&mut parser)?);
        }
    }
    Ok(node([
        ("Operations", Value::from(operations)),
        ("Fragments", Value::from(fragments)),
    ]))
}

fn operation(parser: &mut Parser) -> Parsed {
    if parser.is_sign('{') {
        let selections = required_selections(parser)?;
        return Ok(node([
            ("Operation", Value::from("query")),
            ("Name", Value::from("")),
            ("SelectionSet", selections),
        ]));
    }
    let comment = parser.comment();
    let operation = operation_type(parser)?;
    let name = if parser.kind() == Kind::Name {
        parser.name()?
    } else {
        Value::from("")
    };
    Ok(node([
        ("Operation", operation),
        ("Name", name),
        ("VariableDefinitions", variable_definitions(parser)?),
        ("Directives", parser.directives(false)?),
        ("SelectionSet", required_selections(parser)?),
        ("Comment", comment),
    ]))
}

/// One of `query`, `mutation` and `subscription`.
pub(super) fn operation_type(parser: &mut Parser) -> Parsed {
    let is_operation = ["query", "mutation", "subscription"]
        .iter()
        .any(|name| parser.is_keyword(name));
    if is_operation {
        parser.name()
    } else {
        Err(parser.unexpected())
    }
}

fn variable_definitions(parser: &mut Parser) -> Parsed {
    parser.some(('(', ')'), |parser| {
        let comment = parser.comment();
        let variable = parser.variable()?;
        parser.expect(':')?;
        let reference = parser.type_reference()?;
        let default = if parser.skip('=') {
            parser.value(true)?
        } else {
            Value::Undefined
        };
        Ok(node([
            ("Variable", variable),
            ("Type", reference),
            ("DefaultValue", default),
            ("Directives", parser.directives(false)?),
            ("Used", Value::from(false)),
            ("Comment", comment),
        ]))
    })
}

fn required_selections(parser: &mut Parser) -> Result<Value, BuiltinError> {
    if !parser.is_sign('{') {
        return Err(parser.unexpected());
    }
    selections(parser)
}

fn selections(parser: &mut Parser) -> Parsed {
    parser.deeper(|parser| parser.some(('{', '}'), selection))
}

fn selection(parser: &mut Parser) -> Parsed {
    if parser.kind() == Kind::Spread {
        return fragment(parser);
    }
    let comment = parser.comment();
    let alias = parser.name()?;
    let name = if parser.skip(':') {
        parser.name()?
    } else {
        alias.clone()
    };
    Ok(node([
        ("Alias", alias),
        ("Name", name),
        ("Arguments", parser.arguments(false)?),
        ("Directives", parser.directives(false)?),
        ("SelectionSet", selections(parser)?),
        ("Comment", comment),
    ]))
}

/// A fragment that stands elsewhere, or one that stands here.
fn fragment(parser: &mut Parser) -> Parsed {
    let comment = parser.comment();
    parser.advance();
    if parser.kind() == Kind::Name && parser.word() != "on" {
        return Ok(node([
            ("Name", parser.name()?),
            ("Directives", parser.directives(false)?),
            ("Comment", comment),
        ]));
    }
    let condition = if parser.is_keyword("on") {
        parser.advance();
        parser.name()?
    } else {
        Value::from("")
    };
    Ok(node([
        ("TypeCondition", condition),
        ("Directives", parser.directives(false)?),
        ("SelectionSet", required_selections(parser)?),
        ("Comment", comment),
    ]))
}

fn fragment_definition(parser: &mut Parser) -> Parsed {
    let comment = parser.comment();
    parser.keyword("fragment")?;
    if parser.is_keyword("on") {
        return Err(parser.unexpected());
    }
    let name = parser.name()?;
    let variables = variable_definitions(parser)?;
    parser.keyword("on")?;
    Ok(node([
        ("Name", name),
        ("VariableDefinition", variables),
        ("TypeCondition", parser.name()?),
        ("Directives", parser.directives(false)?),
        ("SelectionSet", required_selections(parser)?),
        ("Comment", comment),
    ]))
}
