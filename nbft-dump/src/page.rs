//! Text of 80 columns, without control characters.

use std::fmt::Display;

use nbft_common::command::printable;

/// Columns that every terminal has.
const WIDTH: usize = 80;

/// Lines under a heading: a label column, then the value.
#[derive(Default)]
pub struct Page(pub String);

impl Page {
    /// A line from the left margin.
    pub fn heading(&mut self, heading: impl Display) {
        self.wrapped(&printable(&heading.to_string()), 4);
    }

    /// A labelled value.
    pub fn line(&mut self, label: &str, value: impl Display) {
        self.wrapped(&format!("  {label:<11} {}", printable(&value.to_string())), 14);
    }

    /// A line that continues on the next one if it is too wide. It breaks at spaces only: names stay whole for copying.
    fn wrapped(&mut self, line: &str, indent: usize) {
        let mut column = 0;
        for (nth, word) in line.split(' ').enumerate() {
            let width = word.chars().count();
            if nth > 0 && column > indent && column + 1 + width > WIDTH {
                self.0.push('\n');
                self.0.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else if nth > 0 {
                self.0.push(' ');
                column += 1;
            }
            self.0.push_str(word);
            column += width;
        }
        self.0.push('\n');
    }

    /// A labelled value, if it is present.
    pub fn maybe(&mut self, label: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.line(label, value);
        }
    }
}

/// The items with commas between them; `None` without items.
pub fn joined(items: impl Iterator<Item = String>) -> Option<String> {
    let items: Vec<String> = items.collect();
    (!items.is_empty()).then(|| items.join(", "))
}
