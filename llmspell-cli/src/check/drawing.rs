//! Findings with the line that they are about.

use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use llmspell_engine::{CheckFinding, Severity};
use llmspell_utils::debug::escaped;
use llmspell_utils::read_text;

use crate::answer::colour;

/// Bytes of a file of which a line is shown.
const LONGEST_FILE: usize = 1 << 20;
/// Characters of a line that is shown.
const LONGEST_LINE: usize = 400;

/// How findings are drawn.
pub(super) struct Drawing {
    root: PathBuf,
    renderer: Renderer,
}

impl Drawing {
    /// The findings of the project in this directory.
    pub(super) fn of(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            renderer: if colour() {
                Renderer::styled()
            } else {
                Renderer::plain()
            },
        }
    }

    /// A finding with its line, if that can be read, and an empty line behind it.
    pub(super) fn draw(&self, finding: &CheckFinding) -> String {
        let level = match finding.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title = level
            .primary_title(escaped(&finding.message))
            .id(finding.rule);
        let help = Level::HELP.message(escaped(&finding.help));
        let path = escaped(&finding.place.file);
        let Some((line, text)) = self.line(finding) else {
            let text = self
                .renderer
                .render(&[Group::with_title(title).element(help)]);
            return format!(
                "{}\n\n",
                with_place(&text, &escaped(&finding.place.to_string()))
            );
        };
        let span = span(&text, finding.place.column);
        let snippet = Snippet::source(text.as_str())
            .line_start(line)
            .path(path.as_str())
            .annotation(AnnotationKind::Primary.span(span));
        let group = title.element(snippet).element(help);
        format!("{}\n\n", self.renderer.render(&[group]))
    }

    /// The number and the text of the line that a finding is about.
    fn line(&self, finding: &CheckFinding) -> Option<(usize, String)> {
        let number = usize::try_from(finding.place.line?).ok()?;
        let text = read_text(&self.root.join(&finding.place.file), LONGEST_FILE).ok()?;
        let line = text.lines().nth(number.checked_sub(1)?)?;
        let line: String = line.chars().take(LONGEST_LINE).collect();
        (!line.trim().is_empty()).then_some((number, line))
    }
}

/// Puts the place beneath the title, as where a line is shown.
fn with_place(text: &str, place: &str) -> String {
    if place.is_empty() {
        return text.to_owned();
    }
    match text.split_once('\n') {
        Some((title, rest)) => format!("{title}\n --> {place}\n{rest}"),
        None => format!("{text}\n --> {place}"),
    }
}

/// The bytes of the name at the column, or from there to the end of the line, or of the line without its indentation.
fn span(line: &str, column: Option<u32>) -> std::ops::Range<usize> {
    let end = line.trim_end().len();
    let indentation = line.len() - line.trim_start().len();
    let column = column.and_then(|column| usize::try_from(column).ok()?.checked_sub(1));
    let start = column
        .and_then(|column| line.char_indices().nth(column))
        .map_or(indentation, |(start, _)| start);
    let is_name = |character: char| character.is_alphanumeric() || "_.-".contains(character);
    let rest = line.get(start..end).unwrap_or_default();
    let name = rest
        .find(|character| !is_name(character))
        .unwrap_or(rest.len());
    match (column, name) {
        (Some(_), 1..) => start..start + name,
        _ => start.min(end)..end,
    }
}
