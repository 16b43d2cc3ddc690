//! The control channel: lines over a Unix socket, which needs no address and does not count among the connections.
//!
//! Each line gets one line as its answer: `ok`, `ok TEXT` or `error TEXT`.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use super::state::State;
use super::words;

/// Answers lines at this path from now on.
pub fn serve(state: &Arc<State>, path: &Path) -> io::Result<()> {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error);
    }
    let listener = UnixListener::bind(path)?;
    let state = Arc::clone(state);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let state = Arc::clone(&state);
            // A client that has gone needs no answer.
            thread::spawn(move || drop(converse(&state, &stream)));
        }
    });
    Ok(())
}

fn converse(state: &Arc<State>, stream: &UnixStream) -> io::Result<()> {
    let mut writer = stream;
    for line in BufReader::new(stream).lines() {
        let answer = match words::carry_out(state, &line?) {
            Ok(text) if text.is_empty() => "ok\n".to_owned(),
            Ok(text) => format!("ok {text}\n"),
            Err(error) => format!("error {error}\n"),
        };
        writer.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// Sends a line to the target at this path, and returns the text of its answer.
pub fn ask(path: &Path, line: &str) -> Result<String, String> {
    let failed = |error: io::Error| format!("{}: {error}", path.display());
    let mut stream = UnixStream::connect(path).map_err(failed)?;
    stream.write_all(format!("{line}\n").as_bytes()).map_err(failed)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).map_err(failed)?;
    match answer.trim_end().split_once(' ') {
        Some(("ok", text)) => Ok(text.to_owned()),
        Some(("error", text)) => Err(text.to_owned()),
        None if answer.trim_end() == "ok" => Ok(String::new()),
        // The word `quit` can be faster than its answer.
        _ if answer.is_empty() && line.trim() == "quit" => Ok(String::new()),
        _ => Err(format!("{}: no target answers there", path.display())),
    }
}
