//! Columns: rows below a header, without lines, so that they can be read, searched and cut.

use console::{Alignment, Term, measure_text_width, pad_str};

/// Between two columns.
const GAP: usize = 2;

/// How wide the terminal is to which standard output goes; none when it goes elsewhere, where nothing is left out.
pub(crate) fn width() -> Option<usize> {
    let terminal = Term::stdout();
    terminal.is_term().then(|| terminal.size_checked()).flatten().map(|(_, columns)| columns.into())
}

/// Rows below a header.
pub(crate) fn table<Row>(header: &[&str], rows: impl IntoIterator<Item = Row>) -> String
where
    Row: IntoIterator<Item = String>,
{
    let rows: Vec<Vec<String>> = rows.into_iter().map(|row| row.into_iter().collect()).collect();
    let all: Vec<usize> = (0..header.len()).collect();
    lines(header, &rows, &all)
}

/// Rows below a header that fit into `width`, as far as that can be had by leaving out whole columns: those of
/// `dispensable`, in this order. Names the columns that are left out, too.
pub(crate) fn fitting<'a>(
    header: &[&'a str],
    rows: &[Vec<String>],
    dispensable: &[&str],
    width: Option<usize>,
) -> (String, Vec<&'a str>) {
    let widths = widths(header, rows);
    let mut shown: Vec<usize> = (0..header.len()).collect();
    let mut left_out = Vec::new();
    for name in dispensable {
        let whole: usize =
            shown.iter().map(|column| widths[*column]).sum::<usize>() + GAP * (shown.len() - 1);
        if width.is_none_or(|width| whole <= width) {
            break;
        }
        if let Some(place) = shown.iter().position(|column| header[*column] == *name) {
            left_out.push(header[shown.remove(place)]);
        }
    }
    (lines(header, rows, &shown), left_out)
}

fn lines(header: &[&str], rows: &[Vec<String>], shown: &[usize]) -> String {
    let widths = widths(header, rows);
    let line = |cells: Vec<String>| {
        let cells = shown.iter().map(|column| {
            let cell = cells.get(*column).map_or("", String::as_str).replace('\n', " ");
            pad_str(&cell, widths[*column] + GAP, Alignment::Left, None).into_owned()
        });
        cells.collect::<String>().trim_end().to_owned()
    };
    let header = line(header.iter().map(|cell| cell.to_uppercase()).collect());
    let rows = rows.iter().map(|row| line(row.clone()));
    std::iter::once(header).chain(rows).collect::<Vec<_>>().join("\n")
}

/// How wide each column is; what only colours a word takes no room.
fn widths(header: &[&str], rows: &[Vec<String>]) -> Vec<usize> {
    let of_column = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(String::as_str);
        cells.chain([header[column]]).map(measure_text_width).max().unwrap_or_default()
    };
    (0..header.len()).map(of_column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        [["a", "long text", "1"], ["bbb", "", "2"]].map(|row| row.map(ToOwned::to_owned).to_vec()).to_vec()
    }

    #[test]
    fn columns_stand_below_their_header_without_trailing_spaces() {
        assert_eq!(
            table(&["id", "words", "no"], rows()),
            "ID   WORDS      NO\na    long text  1\nbbb             2"
        );
    }

    #[test]
    fn what_colours_a_word_moves_no_column() {
        let coloured = vec![vec!["\u{1b}[31ma\u{1b}[0m".to_owned(), "x".to_owned()]];
        assert_eq!(table(&["id", "words"], coloured), "ID  WORDS\n\u{1b}[31ma\u{1b}[0m   x");
    }

    #[test]
    fn columns_that_can_be_done_without_are_left_out_one_by_one_until_the_rest_fits() {
        let fit = |width| fitting(&["id", "words", "no"], &rows(), &["no", "words"], width);
        assert_eq!(fit(None).1, [""; 0], "no terminal is too narrow that is none");
        assert_eq!(fit(Some(18)).1, [""; 0]);
        assert_eq!(fit(Some(17)), ("ID   WORDS\na    long text\nbbb".to_owned(), vec!["no"]));
        assert_eq!(fit(Some(2)), ("ID\na\nbbb".to_owned(), vec!["no", "words"]), "what is left is never cut");
    }
}
