//! Makes pictures of figures, for `tests/bench-connect`.

use std::io::Read;
use std::process::ExitCode;

use nbft_tests::picture::{Course, dead_paths, storm, storms};

const HELP: &str = "\
Usage: nbft-picture {storm RATE | storms | dead-paths} <FIGURES

Makes a picture (SVG) of figures: a storm against a target that takes RATE Connects a second and serves 64 connections at a
time; seconds to the disk over dead paths. `storms` prints all storms as a table in Markdown.
";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let mut text = String::new();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["-h" | "--help"] => Ok(HELP.to_owned()),
        ["dead-paths"] => read(&mut text).map(|()| dead_paths(&text)),
        ["storms"] => courses(&mut text).map(|courses| storms(&courses)),
        ["storm", rate] => courses(&mut text).and_then(|courses| {
            let find = |retry: &str| {
                let this =
                    |course: &&Course| course.rate.to_string() == rate && course.served == 64 && course.retry == retry;
                courses
                    .iter()
                    .find(this)
                    .ok_or_else(|| format!("no storm of {retry} at {rate}"))
            };
            storm(find("`--stay`")?, find("the kernel alone, every 5 s")?)
        }),
        _ => Err(HELP.to_owned()),
    };
    match result {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("nbft-picture: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read(text: &mut String) -> Result<(), String> {
    std::io::stdin()
        .read_to_string(text)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

fn courses(text: &mut String) -> Result<Vec<Course>, String> {
    read(text)?;
    serde_json::from_str(text).map_err(|error| error.to_string())
}
