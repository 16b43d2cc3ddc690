//! The words that describe a target, change it, and ask it: one language for command line, files and control channel.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::disk::Disk;
use super::fault::{Fault, Step};
use super::link::Ending;
use super::port::{Listening, bind};
use super::record::Record;
use super::state::{Inner, Namespace, Port, State, Subsystem};

/// All words, for the command's help.
pub const WORDS: &str = include_str!("words.txt");

/// Bytes of a namespace that is given no size.
const SIZE: u64 = 1 << 20;

/// Carries out one line. The answer is empty for most words.
pub fn carry_out(state: &Arc<State>, line: &str) -> Result<String, String> {
    let before_comment = |word: &&str| !word.starts_with('#');
    let mut words: Vec<&str> = line.split_whitespace().take_while(before_comment).collect();
    if let Some(at) = words.iter().position(|word| word.starts_with("late=")) {
        let (_, value) = option(words.remove(at))?;
        let (time, line, state) = (milliseconds(value)?, words.join(" "), Arc::clone(state));
        thread::spawn(move || {
            thread::sleep(time);
            if !state.is_stopped()
                && let Err(error) = carry_out(&state, &line)
            {
                eprintln!("nbft-target: {line}: {error}");
            }
        });
        return Ok(String::new());
    }
    let nothing = |()| String::new();
    let mut answer = String::new();
    match words.as_slice() {
        [] => {}
        ["count"] => answer = serde_json::to_string(&state.counts()).map_err(|error| error.to_string())?,
        ["forget"] => state.lock().counts.forget(),
        ["quit"] => state.stop(),
        ["fault", words @ ..] => {
            let fault = Fault::parse(words)?;
            state.lock().faults.push(fault);
        }
        ["clear"] => state.lock().faults.clear(),
        ["clear", step] => {
            let step: Step = step.parse()?;
            state.lock().faults.retain(|fault| fault.step != step);
        }
        ["drop", rest @ ..] => answer = drop_connections(&state.lock(), rest)?.to_string(),
        ["address", id] => answer = address(&state.lock(), number(id)?)?.to_string(),
        ["port", id, address, trsvcid, exported @ ..] => {
            add_port(state, number(id)?, number(address)?, number(trsvcid)?, exported)?;
        }
        ["listen", id] => listen(state, &mut state.lock(), number(id)?)?,
        [word, rest @ ..] => return changed(&mut state.lock(), word, rest).map(nothing),
    }
    Ok(answer)
}

/// Words that change subsystems or the discovery log.
fn changed(inner: &mut Inner, word: &str, rest: &[&str]) -> Result<(), String> {
    match (word, rest) {
        ("subsystem", [nqn, "any"]) => add_subsystem(inner, nqn, None),
        ("subsystem", [nqn, "allow", hosts @ ..]) => add_subsystem(inner, nqn, Some(hosts)),
        ("namespace", [nqn, nsid, id, options @ ..]) => add_namespace(inner, nqn, number(nsid)?, id, options)?,
        ("allow", [nqn, host]) => drop(hosts(inner, nqn)?.insert((*host).to_owned())),
        ("forbid", [nqn, host]) => drop(hosts(inner, nqn)?.remove(*host)),
        ("single", [nqn, rest @ ..]) => {
            let linger = match rest {
                [] => Duration::ZERO,
                [limit] => match option(limit)? {
                    ("linger", value) => milliseconds(value)?,
                    (name, _) => return Err(format!("{name}=: no such option")),
                },
                _ => return Err("single NQN [linger=MS]".into()),
            };
            subsystem(inner, nqn)?.single = Some(linger);
        }
        ("unport", [id]) => {
            let id = number(id)?;
            inner.ports.remove(&id).ok_or_else(|| format!("no port {id}"))?;
            inner.drop_connections(Some(id), Ending::Close);
        }
        ("unlisten", [id]) => unlisten(port(inner, number(id)?)?)?,
        ("export", [id, nqn]) => {
            subsystem(inner, nqn)?;
            port(inner, number(id)?)?.exported.insert((*nqn).to_owned());
        }
        ("unexport", [id, nqn]) => drop(port(inner, number(id)?)?.exported.remove(*nqn)),
        ("referral", [traddr, trsvcid]) => inner.records.push(Record::referral(traddr, trsvcid)),
        ("record", fields) => inner.records.push(Record::parse(fields)?),
        ("unlist", []) => inner.records.clear(),
        ("pretend", []) => inner.pretended = None,
        ("pretend", [count]) => inner.pretended = Some(number(count)?),
        ("directory", [nqn]) => inner.directory = Some((*nqn).to_owned()),
        _ => return Err(format!("`{word}` with {} words after it: no such words", rest.len())),
    }
    inner.generation += 1;
    Ok(())
}

fn add_subsystem(inner: &mut Inner, nqn: &str, hosts: Option<&[&str]>) {
    let hosts = hosts.map(|hosts| hosts.iter().map(|host| (*host).to_owned()).collect());
    let subsystem = Subsystem {
        hosts,
        ..Subsystem::default()
    };
    inner.subsystems.insert(nqn.to_owned(), subsystem);
}

fn add_namespace(inner: &mut Inner, nqn: &str, nsid: u32, id: &str, options: &[&str]) -> Result<(), String> {
    let bytes = hex::decode(id.replace('-', "")).map_err(|error| format!("{id}: {error}"))?;
    let bytes: [u8; 16] = bytes.try_into().map_err(|_| format!("{id}: not 16 bytes"))?;
    let (uuid, nguid) = if id.contains('-') {
        (Some(bytes), None)
    } else {
        (None, Some(bytes))
    };
    let mut disk = None;
    for word in options {
        disk = Some(match option(word)? {
            ("size", value) => Disk::in_memory(number(value)?),
            ("file", path) => Disk::in_file(Path::new(path)).map_err(|error| format!("{path}: {error}"))?,
            (name, _) => return Err(format!("{name}=: no such option")),
        });
    }
    let disk = Arc::new(disk.unwrap_or_else(|| Disk::in_memory(SIZE)));
    let namespace = Namespace { uuid, nguid, disk };
    subsystem(inner, nqn)?.namespaces.insert(nsid, namespace);
    Ok(())
}

fn add_port(state: &Arc<State>, id: u16, address: IpAddr, trsvcid: u16, exported: &[&str]) -> Result<(), String> {
    let mut inner = state.lock();
    for nqn in exported {
        subsystem(&mut inner, nqn)?;
    }
    let exported: BTreeSet<_> = exported.iter().map(|nqn| (*nqn).to_owned()).collect();
    let port = Port {
        address,
        trsvcid,
        listening: None,
        kept: None,
        exported,
    };
    // A port of the same number stops listening first.
    inner.ports.remove(&id);
    inner.ports.insert(id, port);
    listen(state, &mut inner, id)
}

fn listen(state: &Arc<State>, inner: &mut Inner, id: u16) -> Result<(), String> {
    let port = port(inner, id)?;
    if port.listening.is_some() {
        return Ok(());
    }
    let address = SocketAddr::new(port.address, port.trsvcid);
    let socket = port.kept.take().map_or_else(|| bind(address), Ok);
    let (listening, bound) = socket
        .and_then(|socket| Listening::start(state, id, socket))
        .map_err(|error| format!("{address}: {error}"))?;
    port.trsvcid = bound.port();
    port.listening = Some(listening);
    inner.generation += 1;
    Ok(())
}

/// Refuses connections, and keeps the address: a port of the system's choice would soon be another process's.
fn unlisten(port: &mut Port) -> Result<(), String> {
    if port.listening.take().is_some() {
        let address = SocketAddr::new(port.address, port.trsvcid);
        port.kept = Some(bind(address).map_err(|error| format!("{address}: {error}"))?);
    }
    Ok(())
}

fn drop_connections(inner: &Inner, words: &[&str]) -> Result<usize, String> {
    let (how, rest) = match words {
        [rest @ .., "reset"] => (Ending::Reset, rest),
        rest => (Ending::Close, rest),
    };
    match rest {
        [] => Ok(inner.drop_connections(None, how)),
        [id] => Ok(inner.drop_connections(Some(number(id)?), how)),
        _ => Err("drop [PORT] [reset]".into()),
    }
}

/// Where a port listens, or would.
pub fn address(inner: &Inner, id: u16) -> Result<SocketAddr, String> {
    let port = inner.ports.get(&id).ok_or_else(|| format!("no port {id}"))?;
    Ok(SocketAddr::new(port.address, port.trsvcid))
}

fn port(inner: &mut Inner, id: u16) -> Result<&mut Port, String> {
    inner.ports.get_mut(&id).ok_or_else(|| format!("no port {id}"))
}

fn subsystem<'a>(inner: &'a mut Inner, nqn: &str) -> Result<&'a mut Subsystem, String> {
    inner
        .subsystems
        .get_mut(nqn)
        .ok_or_else(|| format!("no subsystem {nqn}"))
}

fn hosts<'a>(inner: &'a mut Inner, nqn: &str) -> Result<&'a mut BTreeSet<String>, String> {
    let any = || format!("every host may use {nqn}");
    subsystem(inner, nqn)?.hosts.as_mut().ok_or_else(any)
}

/// `NAME=VALUE` as two texts.
pub fn option(word: &str) -> Result<(&str, &str), String> {
    word.split_once('=').ok_or_else(|| format!("{word}: not NAME=VALUE"))
}

/// A value of any type; numbers also in hex, after `0x`.
pub fn number<T: FromStr>(text: &str) -> Result<T, String> {
    let unlike = || format!("{text}: not such a value");
    let hex = text
        .strip_prefix("0x")
        .and_then(|hex| u64::from_str_radix(hex, 16).ok());
    match hex {
        Some(number) => number.to_string().parse(),
        None => text.parse(),
    }
    .map_err(|_| unlike())
}

/// A number of milliseconds.
pub fn milliseconds(text: &str) -> Result<Duration, String> {
    number(text).map(Duration::from_millis)
}
