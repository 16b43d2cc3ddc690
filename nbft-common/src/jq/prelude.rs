//! Definitions of jq's library, of which a program gets those that it names: parsing all of them would cost more than
//! most filters take to run.

const PRELUDE: &str = include_str!("prelude.jq");

/// The definitions that a program may need: those whose name it contains, and what they need in turn.
pub(super) fn needed_by(code: &str) -> String {
    let lines = PRELUDE.lines().filter_map(|line| {
        let name = line.strip_prefix("def ")?.split([':', '(']).next()?;
        Some((name, line, false))
    });
    let mut lines: Vec<_> = lines.collect();
    let mut texts = vec![code];
    while let Some(text) = texts.pop() {
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            for (name, line, needed) in &mut lines {
                if !*needed && *name == word {
                    *needed = true;
                    texts.push(line);
                }
            }
        }
    }
    let needed = lines.iter().filter(|(_, _, needed)| *needed);
    needed.flat_map(|(_, line, _)| [line, "\n"]).collect()
}
