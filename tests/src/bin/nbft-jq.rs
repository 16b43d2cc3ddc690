//! nbft-jq: nbft-dump's filters on any JSON, for comparisons with the real jq and for jq's own tests.

use std::fs;
use std::io::{self, Read, Write};
use std::process::{Command, ExitCode, Stdio};

use nbft_common::jq::{self, Filter, Style, Value};
use nbft_tests::builder::random;
use serde::ser::{Error as _, Serialize, Serializer};

#[path = "../../../fuzz/targets/program.rs"]
mod program;

const HELP: &str = "\
Usage: nbft-jq FILTER
       nbft-jq --suite FILE...
       nbft-jq --compare JQ COUNT SEED
Applies a filter to each JSON text on standard input and prints the results as jq -c does: exit status 3 if the
filter is wrong, 5 if it fails.

  --suite   run jq's own tests from these .test files, print those that fail, and how many pass of those that
            use nothing that the filters leave out
  --compare make COUNT random programs, run them on random tables' JSON through this filter and through JQ, and print
            those whose results differ
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["-h" | "--help"] => print!("{HELP}"),
        ["--suite", files @ ..] if !files.is_empty() => files.iter().for_each(|file| suite(file)),
        ["--compare", jq, count, seed] => {
            let (Ok(count), Ok(seed)) = (count.parse(), seed.parse()) else {
                eprint!("{HELP}");
                return ExitCode::from(64);
            };
            return ExitCode::from(u8::from(compare(jq, count, seed) > 0));
        }
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
    let results = filter.run(input, |results| jq::print(&results, COMPACT));
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

/// Gives the number of programs whose results differ.
fn compare(jq: &str, count: u64, seed: u64) -> usize {
    let mut differ = 0;
    for number in seed..seed + count {
        let mut bytes = random_bytes(number);
        let program = program::program(&mut bytes);
        let input = match number % 4 {
            0 => json_of_table(number / 16),
            1 => r#"{"a":1,"b":[1,[2,{"a":"x"}],null],"hfi":[{"index":3}],"index":-1}"#.to_owned(),
            2 => r#"[3,1,[2],"a,b",{"a":[]},null,false,1.5]"#.to_owned(),
            _ => "null".to_owned(),
        };
        let Some(theirs) = results_of_jq(jq, &program, &input) else {
            continue;
        };
        let ours = Filter::new(&program, &[]).map_err(|error| error.to_string());
        let ours = ours.and_then(|filter| run(&filter, &Json(&input)));
        let same = match (&theirs, &ours) {
            (Ok(theirs), Ok(ours)) => theirs.lines().map(normal).eq(ours.lines().map(normal)),
            (Err(_), Err(_)) => true,
            _ => false,
        };
        // Most results are left out where either side holds more than the other has words for.
        if !same && !ours.as_ref().is_err_and(|why| why.contains("MiB of memory")) {
            differ += 1;
            println!("{number}: {program}\n  input {}", short(&input));
            println!(
                "  jq   {}\n  ours {}",
                short(&format!("{theirs:?}")),
                short(&format!("{ours:?}"))
            );
        }
    }
    println!("{count} programs, {differ} differ");
    differ
}

fn short(text: &str) -> String {
    text.chars().take(300).collect()
}

/// The results of the real jq: none if jq takes longer than two seconds or too much memory.
fn results_of_jq(jq: &str, program: &str, input: &str) -> Option<Result<String, String>> {
    let script = "ulimit -v 2000000; exec timeout 2 \"$0\" -c \"$@\" 2>&1";
    let mut child = Command::new("sh")
        .args(["-c", script, jq, "--", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sh");
    let mut stdin = child.stdin.take().expect("piped");
    // It may stop reading early.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) => Some(Ok(text)),
        Some(3 | 5) => Some(Err(text)),
        _ => None,
    }
}

fn json_of_table(seed: u64) -> String {
    let table = random(seed).build();
    let table = nbft_common::table::parse::parse(&table).expect("a good table");
    serde_json::to_string(&[table]).expect("JSON")
}

/// Bytes that depend on a seed alone.
fn random_bytes(seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::from_fn(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Some((state >> 32) as u8)
    })
    .take(64)
}
