//! Reads schemas (GraphQL specification of October 2021, section 3).

use super::grammar::{Parsed, Parser, node};
use super::lexer::Kind;
use super::query::operation_type;
use crate::rego_builtins::BuiltinError;
use crate::value::Value;

/// Where a directive may stand.
const LOCATIONS: [&str; 19] = [
    "QUERY",
    "MUTATION",
    "SUBSCRIPTION",
    "FIELD",
    "FRAGMENT_DEFINITION",
    "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT",
    "VARIABLE_DEFINITION",
    "SCHEMA",
    "SCALAR",
    "OBJECT",
    "FIELD_DEFINITION",
    "ARGUMENT_DEFINITION",
    "INTERFACE",
    "UNION",
    "ENUM",
    "ENUM_VALUE",
    "INPUT_OBJECT",
    "INPUT_FIELD_DEFINITION",
];

const BRACES: (char, char) = ('{', '}');

/// What stands before a definition: its description and the comments around that.
struct Heading {
    description: Value,
    before: Value,
    after: Value,
}

/// The tree of a document with definitions.
pub(super) fn parse(document: &str) -> Parsed {
    let mut parser = Parser::new(document)?;
    let mut schemas = Vec::new();
    let mut schema_extensions = Vec::new();
    let mut directives = Vec::new();
    let mut definitions = Vec::new();
    let mut extensions = Vec::new();
    while parser.kind() != Kind::End {
        let heading = heading(&mut parser);
        if parser.kind() != Kind::Name {
            return Err(parser.unexpected());
        }
        match parser.word() {
            "schema" => schemas.push(schema(&mut parser, heading, false)?),
            "directive" => directives.push(directive(&mut parser, heading)?),
            "extend" if heading.description != Value::from("") => {
                return Err(parser.unexpected());
            }
            "extend" => {
                parser.advance();
                if parser.is_keyword("schema") {
                    schema_extensions.push(schema(&mut parser, heading, true)?);
                } else {
                    extensions.push(definition(&mut parser, heading, true)?);
                }
            }
            _ => definitions.push(definition(&mut parser, heading, false)?),
        }
    }
    Ok(node([
        ("Schema", Value::from(schemas)),
        ("SchemaExtension", Value::from(schema_extensions)),
        ("Directives", Value::from(directives)),
        ("Definitions", Value::from(definitions)),
        ("Extensions", Value::from(extensions)),
        ("Comment", parser.comment()),
    ]))
}

fn heading(parser: &mut Parser) -> Heading {
    let mut before = Value::Undefined;
    let mut description = String::new();
    if matches!(parser.kind(), Kind::String | Kind::BlockString) {
        before = parser.comment();
        description = parser.advance();
    }
    Heading {
        description: Value::from(description),
        before,
        after: parser.comment(),
    }
}

fn schema(parser: &mut Parser, heading: Heading, extends: bool) -> Parsed {
    parser.keyword("schema")?;
    let directives = parser.directives(true)?;
    let (operations, end) = parser.some_with_comment(BRACES, |parser| {
        let comment = parser.comment();
        let operation = operation_type(parser)?;
        parser.expect(':')?;
        Ok(node([
            ("Operation", operation),
            ("Type", parser.name()?),
            ("Comment", comment),
        ]))
    })?;
    if extends {
        something(parser, &[&directives, &operations])?;
    }
    Ok(node([
        ("Description", heading.description),
        ("Directives", directives),
        ("OperationTypes", operations),
        ("BeforeDescriptionComment", heading.before),
        ("AfterDescriptionComment", heading.after),
        ("EndOfDefinitionComment", end),
    ]))
}

/// An extension has to add something.
fn something(parser: &Parser, parts: &[&Value]) -> Result<(), BuiltinError> {
    let is_there = |part: &&&Value| match part {
        Value::Array(elements) => !elements.is_empty(),
        _ => false,
    };
    match parts.iter().find(is_there) {
        Some(_) => Ok(()),
        None => Err(parser.unexpected()),
    }
}

fn definition(parser: &mut Parser, heading: Heading, extends: bool) -> Parsed {
    let kind = match parser.word() {
        "scalar" => "SCALAR",
        "type" => "OBJECT",
        "interface" => "INTERFACE",
        "union" => "UNION",
        "enum" => "ENUM",
        "input" => "INPUT_OBJECT",
        _ => return Err(parser.unexpected()),
    };
    parser.advance();
    let name = parser.name()?;
    let interfaces = match kind {
        "OBJECT" => interfaces(parser)?,
        "INTERFACE" if !extends => interfaces(parser)?,
        _ => Value::Undefined,
    };
    let directives = parser.directives(true)?;
    let nothing = (Value::Undefined, Value::Undefined);
    let (fields, fields_end) = match kind {
        "OBJECT" | "INTERFACE" => parser.some_with_comment(BRACES, field)?,
        "INPUT_OBJECT" => parser.some_with_comment(BRACES, argument)?,
        _ => nothing.clone(),
    };
    let (values, values_end) = match kind {
        "ENUM" => parser.some_with_comment(BRACES, enum_value)?,
        _ => nothing,
    };
    let types = match kind {
        "UNION" => members(parser)?,
        _ => Value::Undefined,
    };
    if extends {
        something(
            parser,
            &[&interfaces, &directives, &fields, &values, &types],
        )?;
    }
    let end = if fields_end == Value::Undefined {
        values_end
    } else {
        fields_end
    };
    Ok(node([
        ("Kind", Value::from(kind)),
        ("Description", heading.description),
        ("Name", name),
        ("Directives", directives),
        ("Interfaces", interfaces),
        ("Fields", fields),
        ("Types", types),
        ("EnumValues", values),
        ("BuiltIn", Value::from(false)),
        ("BeforeDescriptionComment", heading.before),
        ("AfterDescriptionComment", heading.after),
        ("EndOfDefinitionComment", end),
    ]))
}

/// Names with a sign between them, and perhaps one in front.
fn names(parser: &mut Parser, sign: char) -> Parsed {
    parser.skip(sign);
    let mut names = vec![parser.name()?];
    while parser.skip(sign) {
        names.push(parser.name()?);
    }
    Ok(Value::from(names))
}

fn interfaces(parser: &mut Parser) -> Parsed {
    if !parser.is_keyword("implements") {
        return Ok(Value::Undefined);
    }
    parser.advance();
    names(parser, '&')
}

fn members(parser: &mut Parser) -> Parsed {
    if parser.skip('=') {
        names(parser, '|')
    } else {
        Ok(Value::Undefined)
    }
}

fn field(parser: &mut Parser) -> Parsed {
    let heading = heading(parser);
    let name = parser.name()?;
    let arguments = parser.some(('(', ')'), argument)?;
    parser.expect(':')?;
    Ok(node([
        ("Description", heading.description),
        ("Name", name),
        ("Arguments", arguments),
        ("Type", parser.type_reference()?),
        ("Directives", parser.directives(true)?),
        ("BeforeDescriptionComment", heading.before),
        ("AfterDescriptionComment", heading.after),
    ]))
}

fn argument(parser: &mut Parser) -> Parsed {
    let heading = heading(parser);
    let name = parser.name()?;
    parser.expect(':')?;
    let reference = parser.type_reference()?;
    let default = if parser.skip('=') {
        parser.value(true)?
    } else {
        Value::Undefined
    };
    Ok(node([
        ("Description", heading.description),
        ("Name", name),
        ("DefaultValue", default),
        ("Type", reference),
        ("Directives", parser.directives(true)?),
        ("BeforeDescriptionComment", heading.before),
        ("AfterDescriptionComment", heading.after),
    ]))
}

fn enum_value(parser: &mut Parser) -> Parsed {
    let heading = heading(parser);
    Ok(node([
        ("Description", heading.description),
        ("Name", parser.name()?),
        ("Directives", parser.directives(true)?),
        ("BeforeDescriptionComment", heading.before),
        ("AfterDescriptionComment", heading.after),
    ]))
}

fn directive(parser: &mut Parser, heading: Heading) -> Parsed {
    parser.keyword("directive")?;
    parser.expect('@')?;
    let name = parser.name()?;
    let arguments = parser.some(('(', ')'), argument)?;
    let is_repeatable = parser.is_keyword("repeatable");
    if is_repeatable {
        parser.advance();
    }
    parser.keyword("on")?;
    let locations = names(parser, '|')?;
    let is_known = |location: &Value| {
        LOCATIONS
            .iter()
            .any(|known| *location == Value::from(*known))
    };
    let all_are_known = match &locations {
        Value::Array(locations) => locations.iter().all(is_known),
        _ => false,
    };
    if !all_are_known {
        return Err(BuiltinError::failed(
            "cannot read the document, because a directive has a place that there is not",
        ));
    }
    Ok(node([
        ("Description", heading.description),
        ("Name", name),
        ("Arguments", arguments),
        ("Locations", locations),
        ("IsRepeatable", Value::from(is_repeatable)),
        ("BeforeDescriptionComment", heading.before),
        ("AfterDescriptionComment", heading.after),
    ]))
}
