//! Faults: what goes wrong, at which step, and how often.

use std::str::FromStr;
use std::time::{Duration, Instant};

use super::status::{self, Status};
use super::words::{milliseconds, number, option};

/// A step of a connection at which a fault can strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The TCP connection is accepted.
    Accept,
    /// The answer to an ICReq.
    Icresp,
    /// Connect on the admin queue.
    Connect,
    /// Connect on an I/O queue.
    ConnectIo,
    /// Property Set of CC that enables the controller.
    Enable,
    /// Property Set of CC that shuts the controller down.
    Shutdown,
    /// Identify.
    Identify,
    /// Set Features and Get Features.
    Features,
    /// Get Log Page.
    Log,
    /// Keep Alive.
    KeepAlive,
    /// Any command on an I/O queue but Connect.
    Io,
}

/// The steps by their names in the control words.
pub const STEPS: [(&str, Step); 11] = [
    ("accept", Step::Accept),
    ("icresp", Step::Icresp),
    ("connect", Step::Connect),
    ("connect-io", Step::ConnectIo),
    ("enable", Step::Enable),
    ("shutdown", Step::Shutdown),
    ("identify", Step::Identify),
    ("features", Step::Features),
    ("log", Step::Log),
    ("keep-alive", Step::KeepAlive),
    ("io", Step::Io),
];

impl Step {
    /// Whether the step answers a command, which has a status.
    fn has_status(self) -> bool {
        !matches!(self, Self::Accept | Self::Icresp)
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = STEPS.iter().find(|(known, _)| *known == name);
        found.map(|(_, step)| *step).ok_or_else(|| {
            let names: Vec<_> = STEPS.iter().map(|(name, _)| *name).collect();
            format!("{name}: no such step; the steps are {}", names.join(" "))
        })
    }
}

/// How a step goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The connection stays open and says nothing any more.
    Hang,
    /// This command has no answer; the connection goes on.
    Lose,
    /// The connection ends in order (FIN).
    Close,
    /// The connection is reset (RST).
    Reset,
    /// The answer comes one byte at a time, with a pause before each; at `accept`: all answers of the connection.
    Dribble(Duration),
    /// The step waits, then goes on.
    Delay(Duration),
    /// The step waits for its turn, then goes on: one each such time, first come, first served.
    Turn(Duration),
    /// Only the first bytes of the answer come, then nothing any more.
    Cut(usize),
    /// The command fails with this status, and is not carried out.
    Refuse(Status),
    /// These bytes come instead of the answer, then nothing any more.
    Garbage(Vec<u8>),
    /// The target terminates the connection: C2HTermReq with this fatal error status.
    Terminate(u16),
    /// CC.EN is accepted, and the controller never becomes ready.
    Stall,
    /// The generation counter of the discovery log goes up after the read.
    Change,
}

/// Garbage by default: another protocol's answer, longer than any header.
const GARBAGE: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\
    Content-Length: 64\r\n\r\nYour client has sent a request that this server does not understand\r\n";

/// A fault with its limits.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The step at which the fault strikes.
    pub step: Step,
    /// How the step goes wrong.
    pub action: Action,
    /// The words that set the fault.
    pub words: String,
    /// How often the fault has struck.
    pub hits: u64,
    /// When the next turn comes.
    next: Option<Instant>,
    seen: u64,
    after: u64,
    times: Option<u64>,
    until: Option<Instant>,
    port: Option<u16>,
    qid: Option<u16>,
    nqn: Option<String>,
    host: Option<String>,
}

/// Where a connection is, for the limits of faults.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The step.
    pub step: Step,
    /// The port that accepted the connection.
    pub port: u16,
    /// The queue, the subsystem's and the host's NQN, as soon as Connect has named them.
    pub queue: Option<(u16, &'a str, &'a str)>,
}

impl Fault {
    /// Reads `STEP ACTION [VALUE] [LIMIT=VALUE]...`.
    pub fn parse(words: &[&str]) -> Result<Self, String> {
        let [step, action, rest @ ..] = words else {
            return Err("a fault is STEP ACTION [VALUE] [LIMIT=VALUE]...".into());
        };
        let step: Step = step.parse()?;
        let (value, limits) = match rest {
            [value, limits @ ..] if !value.contains('=') => (Some(*value), limits),
            limits => (None, limits),
        };
        let mut fault = Self {
            step,
            action: Action::Hang,
            words: words.join(" "),
            hits: 0,
            next: None,
            seen: 0,
            after: 0,
            times: None,
            until: None,
            port: None,
            qid: None,
            nqn: None,
            host: None,
        };
        let mut result = None;
        for limit in limits {
            match option(limit)? {
                ("times", value) => fault.times = Some(number(value)?),
                ("after", value) => fault.after = number(value)?,
                ("for", value) => fault.until = Some(Instant::now() + milliseconds(value)?),
                ("port", value) => fault.port = Some(number(value)?),
                ("qid", value) => fault.qid = Some(number(value)?),
                ("nqn", value) => fault.nqn = Some(value.to_owned()),
                ("host", value) => fault.host = Some(value.to_owned()),
                ("result", value) => result = Some(number(value)?),
                (name, _) => return Err(format!("{name}=: no such limit")),
            }
        }
        fault.action = Self::action(step, action, value, result)?;
        if !step.has_status() && (fault.qid.is_some() || fault.nqn.is_some() || fault.host.is_some()) {
            return Err("before Connect a connection has no queue, NQN or host yet".into());
        }
        Ok(fault)
    }

    fn action(step: Step, action: &str, value: Option<&str>, result: Option<u32>) -> Result<Action, String> {
        let value = |default: Option<&'static str>| {
            let needed = || format!("{action} needs a value");
            value.or(default).ok_or_else(needed)
        };
        let action = match action {
            "hang" => Action::Hang,
            "lose" => Action::Lose,
            "close" => Action::Close,
            "reset" => Action::Reset,
            "dribble" => Action::Dribble(milliseconds(value(Some("100"))?)?),
            "delay" => Action::Delay(milliseconds(value(None)?)?),
            "turn" => Action::Turn(milliseconds(value(None)?)?),
            "cut" => Action::Cut(number(value(Some("4"))?)?),
            "refuse" => Action::Refuse(Status {
                code: number(value(None)?)?,
                result: result.unwrap_or_default(),
            }),
            "garbage" => match value(Some("")) {
                Ok(text) if !text.is_empty() => {
                    Action::Garbage(hex::decode(text).map_err(|error| format!("{text}: {error}"))?)
                }
                _ => Action::Garbage(GARBAGE.to_vec()),
            },
            "terminate" => Action::Terminate(number(value(Some("1"))?)?),
            "stall" => Action::Stall,
            "change" => Action::Change,
            other => return Err(format!("{other}: no such action")),
        };
        match (&action, step) {
            (Action::Refuse(Status { code, .. }), _) if *code & !status::MASK != 0 || *code == 0 => {
                Err(format!("{code:#x} is no status of a failure"))
            }
            (Action::Refuse(_) | Action::Lose, Step::Accept | Step::Icresp) => {
                Err("only a command can be refused or lost".into())
            }
            (Action::Stall, step) if step != Step::Enable => Err("only enable can stall".into()),
            (Action::Change, step) if step != Step::Log => Err("only a log can change".into()),
            _ => Ok(action),
        }
    }

    /// The action now; a turn is a delay until it comes.
    pub fn action_now(&mut self) -> Action {
        let Action::Turn(time) = self.action else {
            return self.action.clone();
        };
        let now = Instant::now();
        let turn = self.next.map_or(now, |next| next.max(now)) + time;
        self.next = Some(turn);
        Action::Delay(turn - now)
    }

    /// Whether the fault strikes here and now. Counts.
    pub fn strikes(&mut self, place: &Place) -> bool {
        let (qid, nqn, host) = match place.queue {
            Some((qid, nqn, host)) => (Some(qid), Some(nqn), Some(host)),
            None => (None, None, None),
        };
        let fits = self.step == place.step
            && self.port.is_none_or(|port| port == place.port)
            && (self.qid.is_none() || self.qid == qid)
            && (self.nqn.is_none() || self.nqn.as_deref() == nqn)
            && (self.host.is_none() || self.host.as_deref() == host)
            && self.until.is_none_or(|until| Instant::now() < until);
        if !fits {
            return false;
        }
        self.seen += 1;
        let strikes = self.seen > self.after && self.times.is_none_or(|times| self.hits < times);
        self.hits += u64::from(strikes);
        strikes
    }
}
