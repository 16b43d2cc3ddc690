//! Makes the list of built-in formats, for the command and for its help: each `formats/*.jq` but `lib.jq` is one.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

/// Columns of the help.
const WIDTH: usize = 80;
/// Columns of the help before the explanations of options.
const COLUMN: usize = 27;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=formats");
    println!("cargo::rerun-if-changed=src/help.txt");
    let mut names = Vec::new();
    for entry in fs::read_dir("formats")? {
        let file = entry?.file_name();
        let name = file.to_str().and_then(|file| file.strip_suffix(".jq"));
        names.extend(name.filter(|name| *name != "lib").map(str::to_owned));
    }
    names.sort();

    let programs = names.iter().map(|name| {
        format!("    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/formats/{name}.jq\"))),\n")
    });
    let folder = env::var("OUT_DIR")?;
    let programs: String = programs.collect();
    fs::write(Path::new(&folder).join("formats.rs"), format!("&[\n{programs}]\n"))?;

    let help = fs::read_to_string("src/help.txt")?;
    fs::write(
        Path::new(&folder).join("help.txt"),
        help.replace("{formats}", &column(&names)),
    )?;
    Ok(())
}

/// The formats as the help shows them: as many lines as it takes, each in the column of explanations.
fn column(names: &[String]) -> String {
    let shown = names.iter().map(|name| match name.as_str() {
        "names" => "names (the default)",
        other => other,
    });
    let all = shown.chain(["json"]).collect::<Vec<_>>().join(", ");
    let mut lines = vec![String::new()];
    for item in all.split_inclusive(", ") {
        match lines.last_mut() {
            Some(line) if line.len() + item.trim_end().len() <= WIDTH - COLUMN => line.push_str(item),
            _ => lines.push(item.to_owned()),
        }
    }
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join(&format!("\n{:COLUMN$}", ""))
}
