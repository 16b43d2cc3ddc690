//! An NVMe/TCP target that can misbehave, for tests.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use nbft_tests::target::{Target, WORDS, ask, raise_limit};

const HELP: &str = "\
Usage: nbft-target [--control SOCKET] [--file FILE] [LINE]...
       nbft-target --tell SOCKET WORD...

An NVMe/TCP target in user space, described by lines of words, that can misbehave at any step and counts what it sees.

    --control SOCKET  take more lines over this Unix socket, which exists once all ports listen
    --file FILE       read lines from a file (- is standard input), before those of the command line
    --tell SOCKET     send one line to a target that runs, and print its answer
    -h, --help        print this
";

enum Job {
    Help,
    Run { control: Option<PathBuf>, lines: String },
    Tell { socket: PathBuf, line: String },
}

fn main() -> ExitCode {
    let result = match job() {
        Ok(job) => carry_out(job),
        Err(error) => {
            eprintln!("nbft-target: {error}; see nbft-target --help");
            return ExitCode::from(64);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nbft-target: {error}");
            ExitCode::FAILURE
        }
    }
}

fn job() -> Result<Job, lexopt::Error> {
    use lexopt::prelude::*;
    let (mut control, mut tell, mut words) = (None, None, Vec::new());
    let mut lines = String::new();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Job::Help),
            Long("control") => control = Some(PathBuf::from(parser.value()?)),
            Long("tell") => tell = Some(PathBuf::from(parser.value()?)),
            Long("file") => lines.push_str(&read(&parser.value()?.string()?)?),
            Value(word) => words.push(word.string()?),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(match tell {
        Some(socket) => Job::Tell {
            socket,
            line: words.join(" "),
        },
        None => {
            for line in words {
                lines.push_str(&format!("\n{line}"));
            }
            Job::Run { control, lines }
        }
    })
}

fn read(path: &str) -> Result<String, String> {
    let mut text = String::new();
    let read = match path {
        "-" => std::io::stdin().read_to_string(&mut text).map(|_| ()),
        path => std::fs::read_to_string(path).map(|read| text = read),
    };
    read.map(|()| text).map_err(|error| format!("{path}: {error}"))
}

fn carry_out(job: Job) -> Result<(), String> {
    match job {
        Job::Help => print!("{HELP}\n{WORDS}"),
        Job::Tell { socket, line } => {
            let answer = ask(&socket, &line)?;
            if !answer.is_empty() {
                println!("{answer}");
            }
        }
        Job::Run { control, lines } => {
            raise_limit();
            let target = Target::start(&lines)?;
            if let Some(path) = control {
                target.control(&path)?;
            }
            target.wait_for_quit();
        }
    }
    Ok(())
}
