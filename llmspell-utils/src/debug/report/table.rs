//! Aligned tables for people.

/// On which side of its column a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// As words do.
    Left,
    /// As numbers do.
    Right,
}

/// A table as text: the columns' names with their sides, then the rows, one line each.
///
/// Cells are written as they are: what others chose must be [escaped](crate::debug::escaped) before.
#[must_use]
pub fn table<const COLUMNS: usize>(
    columns: [(&str, Side); COLUMNS],
    rows: &[[String; COLUMNS]],
) -> String {
    let head = columns.map(|(name, _)| name.to_owned());
    let mut widths = [0; COLUMNS];
    for row in std::iter::once(&head).chain(rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(widths).zip(columns);
        let cells: Vec<String> = cells
            .map(|((cell, width), (_, side))| match side {
                Side::Left => format!("{cell:<width$}"),
                Side::Right => format!("{cell:>width$}"),
            })
            .collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    std::iter::once(&head).chain(rows).map(line).collect()
}
