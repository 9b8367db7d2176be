//! A command in its normal form: one space between words, and the same program.

use super::pieces::{Piece, Pieces};

/// The command with one space for every run of blanks outside of quotes, and none around an end of a line.
///
/// Quotes, comments, here-documents and ends of lines stay: they are part of what the shell runs.
pub(super) fn normalized(command: &str) -> String {
    let mut normal = String::with_capacity(command.len());
    let mut is_spaced = false;
    for piece in Pieces::of(command) {
        let text = match piece {
            Piece::Blank => {
                is_spaced = true;
                continue;
            }
            Piece::Continuation => continue,
            Piece::Newline => "\n",
            Piece::Operator(text)
            | Piece::Bare(text)
            | Piece::Quoted(text)
            | Piece::Comment(text)
            | Piece::HereDocument(text) => text,
        };
        let is_line = piece == Piece::Newline || normal.is_empty() || normal.ends_with('\n');
        if is_spaced && !is_line {
            normal.push(' ');
        }
        is_spaced = false;
        normal.push_str(text);
    }
    normal.truncate(normal.trim_end_matches('\n').len());
    let blank_lines = normal.len() - normal.trim_start_matches('\n').len();
    normal.drain(..blank_lines);
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(command: &str, expected: &str) {
        assert_eq!(normalized(command), expected);
        assert_eq!(normalized(expected), expected);
    }

    #[test]
    fn blanks_outside_of_quotes_become_one_space() {
        check("  rm \t -rf   /  ", "rm -rf /");
        check(
            "git commit  -m \"two  spaces\"   --no-verify",
            "git commit -m \"two  spaces\" --no-verify",
        );
        check(
            "echo 'a  b'  $'c\\'  d'  \"$(echo  \"e  f\")\"",
            "echo 'a  b' $'c\\'  d' \"$(echo  \"e  f\")\"",
        );
        check("rm -r\\\n   -f  x", "rm -r -f x");
    }

    #[test]
    fn ends_of_lines_still_separate_commands() {
        check("a\n   rm  x", "a\nrm x");
        check("\n\nls\n", "ls");
        check("# don't  \nrm   -rf  /", "# don't  \nrm -rf /");
    }

    #[test]
    fn here_documents_stay_as_they_are() {
        check(
            "cat  <<'EOF'\n  it's  text\nEOF\nrm   x",
            "cat <<'EOF'\n  it's  text\nEOF\nrm x",
        );
        check(
            "cat <<-EOF  >  out\n\tx  y\n\tEOF\nls   -l",
            "cat <<-EOF > out\n\tx  y\n\tEOF\nls -l",
        );
    }
}
