//! Profiles as flame graphs: SVG pictures that can be searched and zoomed in a browser.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::Duration;

use foldhash::fast::FixedState;
use inferno::flamegraph::color::{BackgroundColor, Color, PaletteMap};
use inferno::flamegraph::{Options, TextTruncateDirection, from_lines};

use super::super::profile::{FrameKind, Profile};
use super::super::text::{escaped, escaped_where};
use super::folded::own_times;
use super::format::ReportError;
use super::label::{NAMELESS, label, method};
use super::quantity::duration;

/// A shorter profile is written in nanoseconds, a longer one in microseconds.
const SHORT: Duration = Duration::from_millis(10);

/// A flame graph, in which a frame's width is its time and its colour its kind.
pub(super) fn flamegraph(profile: &Profile) -> Result<String, ReportError> {
    let labels: Vec<String> = profile
        .frames()
        .iter()
        .map(|frame| drawable(&label(frame)))
        .collect();
    let lines: Vec<String> = own_times(profile, &labels)
        .iter()
        .map(|(path, own)| format!("{path} {}", own.as_nanos()))
        .collect();
    let title = escaped(profile.title());
    if lines.is_empty() {
        return Ok(empty(&title));
    }
    let mut colours = colours(profile, &labels);
    let mut options = Options::default();
    options.title = title;
    options.subtitle = Some(format!(
        "{} in all; {}",
        duration(profile.total()),
        method(profile)
    ));
    options.bgcolors = Some(BackgroundColor::Flat(rgb([250, 250, 250], 0)));
    // Nanoseconds are drawn. What is written is a whole number, from which the shares are worked out.
    let is_short = profile.total() < SHORT;
    options.count_name = if is_short { "ns" } else { "µs" }.to_owned();
    options.factor = if is_short { 1.0 } else { 1e-3 };
    options.name_type = "Frame:".to_owned();
    options.text_truncate_direction = TextTruncateDirection::Right;
    options.palette_map = Some(&mut colours);
    let mut svg = Vec::new();
    from_lines(&mut options, lines.iter().map(String::as_str), &mut svg)?;
    Ok(String::from_utf8_lossy(&svg).into_owned())
}

/// The label without what has a meaning in the lines that are drawn from, or none in XML.
fn drawable(label: &str) -> String {
    let label = escaped_where(label, |character| {
        matches!(character, '\u{fffe}' | '\u{ffff}')
    });
    // Blanks at the ends of a line do not count there.
    let label = match label.trim() {
        "" => NAMELESS.to_owned(),
        label => label.replace(';', ":"),
    };
    // A number behind the last blank would be read as an amount, and what follows `# ` as a comment.
    match label.rsplit_once(' ') {
        Some((before, last)) if is_number(last) || before == "#" => {
            format!("{before}\u{a0}{last}")
        }
        _ if label.starts_with("# ") => label.replacen(' ', "\u{a0}", 1),
        _ => label,
    }
}

fn is_number(word: &str) -> bool {
    word.chars()
        .all(|character| character.is_ascii_digit() || character == '.')
}

/// A colour for each label, by what sort of thing it is, in shades by its name.
fn colours(profile: &Profile, labels: &[String]) -> PaletteMap {
    let mut palette = PaletteMap::default();
    palette.insert("", rgb([235, 235, 235], 0));
    let frames: HashMap<&String, FrameKind> = labels
        .iter()
        .zip(profile.frames())
        .map(|(label, frame)| (label, frame.kind))
        .collect();
    for (label, kind) in frames {
        let mut hasher = FixedState::default().build_hasher();
        hasher.write(label.as_bytes());
        palette.insert(label, rgb(colour(kind), (hasher.finish() % 6) as u8 * 6));
    }
    palette
}

const fn colour(kind: FrameKind) -> [u8; 3] {
    match kind {
        FrameKind::Script => [222, 140, 60],
        FrameKind::Native => [170, 170, 165],
        FrameKind::Host => [105, 155, 215],
        FrameKind::Policy => [105, 185, 110],
        FrameKind::Rule => [215, 105, 110],
        FrameKind::Timer => [165, 130, 205],
    }
}

fn rgb([red, green, blue]: [u8; 3], lighter: u8) -> Color {
    Color {
        r: red.saturating_add(lighter),
        g: green.saturating_add(lighter),
        b: blue.saturating_add(lighter),
    }
}

/// The picture of a profile without any time.
fn empty(title: &str) -> String {
    let title = title
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!(
        "<?xml version=\"1.0\" standalone=\"no\"?>\n\
         <svg version=\"1.1\" width=\"600\" height=\"60\" xmlns=\"http://www.w3.org/2000/svg\">\
         <text x=\"10\" y=\"35\" font-family=\"monospace\" font-size=\"14\">{title}: no time was measured</text></svg>\n"
    )
}
