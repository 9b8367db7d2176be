//! The table in the documents, which is the one in the code.

use std::fmt::Write as _;

use llmspell_engine::{Harness, WireFit, WireVerb};

const DOCUMENT: &str = include_str!("../../../../docs/harnesses.md");

/// The table of one agent program, as the document has it.
fn table(harness: Harness) -> String {
    let mut table = String::from("| event |");
    for verb in WireVerb::ALL {
        write!(table, " {} |", verb.name()).unwrap();
    }
    table.push_str(" |\n");
    table.push_str(&"|---".repeat(WireVerb::ALL.len() + 2));
    table.push_str("|\n");
    for row in harness.wires() {
        let event = match row.event() {
            "*" => "any other".to_owned(),
            event => format!("`{event}`"),
        };
        write!(table, "| {event} |").unwrap();
        for verb in WireVerb::ALL {
            let cell = row.cell(verb);
            match cell.fit {
                WireFit::Exact => write!(table, " {} |", cell.form),
                WireFit::Lost => write!(table, " lost |"),
                fit => write!(table, " {} ({}) |", cell.form, fit.name()),
            }
            .unwrap();
        }
        match row.note() {
            "" => table.push_str(" |\n"),
            note => writeln!(table, " {note} |").unwrap(),
        }
    }
    table
}

#[test]
fn the_document_has_the_table_of_every_agent_program() {
    for harness in Harness::ALL {
        let table = table(harness);
        assert!(
            DOCUMENT.contains(&table),
            "docs/harnesses.md lacks:\n{table}"
        );
    }
}
