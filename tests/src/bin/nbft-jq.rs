//! nbft-jq: nbft-dump's filters on any JSON, for comparisons with the real jq and for jq's own tests.

use std::fs;
use std::io::{self, Read};
use std::process::ExitCode;

use nbft_common::jq::{Filter, Style, Value, print};
use serde::ser::{Error as _, Serialize, Serializer};

const HELP: &str = "\
Usage: nbft-jq FILTER
       nbft-jq --suite FILE...
Applies a filter to each JSON text on standard input and prints the results as jq -c does: exit status 3 if the
filter is wrong, 5 if it fails.

  --suite   run jq's own tests from these .test files, print those that fail, and how many pass of those that
            use nothing that the filters leave out
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["--suite", files @ ..] if !files.is_empty() => files.iter().for_each(|file| suite(file)),
        ["--", code] | [code] => return ExitCode::from(filter(code)),
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(64);
        }
    }
    ExitCode::SUCCESS
}

const COMPACT: Style = Style {
    raw: false,
    compact: true,
};

fn filter(code: &str) -> u8 {
    let filter = match Filter::new(code, &[]) {
        Ok(filter) => filter,
        Err(error) => {
            eprintln!("{error}");
            return 3;
        }
    };
    let mut input = String::new();
    io::stdin().read_to_string(&mut input).expect("standard input");
    let mut status = 0;
    let mut values = serde_json::Deserializer::from_str(&input).into_iter::<Value>();
    let mut start = 0;
    while let Some(value) = values.next() {
        let text = Json(&input[start..values.byte_offset()]);
        start = values.byte_offset();
        let results = value.map_err(|error| error.to_string());
        match results.and_then(|_| run(&filter, &text)) {
            Ok(results) => print!("{results}"),
            Err(error) => {
                eprintln!("{error}");
                status = 5;
            }
        }
        if status != 0 && start == 0 {
            break;
        }
    }
    status
}

/// A JSON text as data.
struct Json<'a>(&'a str);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let value: Value = serde_json::from_str(self.0).map_err(S::Error::custom)?;
        value.serialize(to)
    }
}

/// The results, a line each.
fn run(filter: &Filter, input: &Json<'_>) -> Result<String, String> {
    let results = filter.run(input, |results| print(&results, COMPACT));
    results.map_err(|error| error.to_string())
}

/// One of jq's tests.
struct Case<'a> {
    code: &'a str,
    /// Input and results; a test of a program that cannot be compiled has none.
    run: Option<(&'a str, Vec<&'a str>)>,
}

/// Groups of lines: a program, its input, one line per result. `%%FAIL` announces a program that cannot be compiled.
fn cases(text: &str) -> Vec<Case<'_>> {
    let text = text.trim_start_matches('\u{feff}');
    let blocks = text.lines().collect::<Vec<_>>();
    let blocks = blocks.split(|line| line.trim().is_empty());
    let blocks = blocks.map(|lines| lines.iter().copied().filter(|line| !line.starts_with('#')));
    blocks
        .filter_map(|mut lines| {
            let first = lines.next()?;
            if first.starts_with("%%FAIL") {
                return Some(Case {
                    code: lines.next()?,
                    run: None,
                });
            }
            Some(Case {
                code: first,
                run: Some((lines.next()?, lines.collect())),
            })
        })
        .collect()
}

/// JSON in one form, whatever its spaces, the order of keys and the way numbers are written.
fn normal(json: &str) -> Option<Value> {
    serde_json::from_str(json.trim_start_matches('\u{feff}')).ok()
}

/// Whether the test holds; otherwise the reason.
fn check(case: &Case<'_>) -> Result<(), String> {
    let filter = Filter::new(case.code, &[]);
    let Some((input, expected)) = &case.run else {
        return filter.err().map(drop).ok_or_else(|| "compiles".to_owned());
    };
    let filter = filter.map_err(|error| error.to_string())?;
    let results =
        run(&filter, &Json(input.trim_start_matches('\u{feff}'))).map_err(|error| format!("fails: {error}"))?;
    let results: Vec<&str> = results.lines().collect();
    let same = |(result, text): (&&str, &&str)| {
        result == text || normal(text).is_some_and(|text| normal(result) == Some(text))
    };
    match results.len() == expected.len() && results.iter().zip(expected).all(same) {
        true => Ok(()),
        false => Err(results.join(" ")),
    }
}

fn suite(file: &str) {
    let text = fs::read(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let text = String::from_utf8_lossy(&text);
    let (mut passed, mut failed, mut left_out) = (0, 0, 0);
    for case in cases(&text) {
        match check(&case) {
            Ok(()) => passed += 1,
            Err(why) if why.contains("left out") => left_out += 1,
            Err(why) => {
                failed += 1;
                println!("{file}: {}\n    {why}", case.code);
            }
        }
    }
    println!(
        "{file}: {passed} of {} pass, {left_out} more use what is left out",
        passed + failed
    );
}
