//! The option line that /dev/nvme-fabrics takes: `key=value` and flags with commas between them, without any escaping.

use std::fmt;

use nbft_common::failure::{Exit, Failure};

use crate::fabrics::Supported;

/// One option; a flag has no value.
pub type Field = (String, Option<String>);

/// An option line in the making. Order is that of insertion and always the same: the kernel compares addresses as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(Vec<Field>);

impl Line {
    /// Appends an option; its value must not end the option early.
    pub fn push(&mut self, key: &str, value: impl fmt::Display) -> Result<(), Failure> {
        let value = value.to_string();
        if let Some(why) = unfit(&value) {
            return Err(Failure::new(Exit::Data, format!("{key}='{value}': {why}")));
        }
        self.0.push((key.to_owned(), Some(value)));
        Ok(())
    }

    /// Appends a flag.
    pub fn flag(&mut self, key: &str) {
        self.0.push((key.to_owned(), None));
    }

    /// Replaces an option, or appends it.
    pub fn set(&mut self, field: &Field) {
        match self.0.iter_mut().find(|(key, _)| *key == field.0) {
            Some(old) => old.1.clone_from(&field.1),
            None => self.0.push(field.clone()),
        }
    }

    /// The value of an option.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key)?.1.as_deref()
    }

    /// Removes an option; says whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|(name, _)| name != key);
        self.0.len() < before
    }

    /// The first option that this kernel does not know.
    pub fn unsupported(&self, kernel: &Supported) -> Option<&str> {
        self.0.iter().map(|(key, _)| key.as_str()).find(|key| !kernel.has(key))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (key, value)) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            match value {
                Some(value) => write!(f, "{comma}{key}={value}")?,
                None => write!(f, "{comma}{key}")?,
            }
        }
        Ok(())
    }
}

/// Why a value cannot be part of an option line.
fn unfit(value: &str) -> Option<&'static str> {
    if value.is_empty() {
        Some("is empty")
    } else if value.contains(',') {
        Some("holds a comma, which the kernel would read as the end of the option")
    } else if value.contains(char::is_control) {
        Some("holds a control character")
    } else if value.contains('\u{fffd}') {
        Some("is not UTF-8")
    } else {
        None
    }
}

/// Reads `KEY=VALUE` or `KEY` from the command line.
pub fn extra(text: &str) -> Result<Field, Failure> {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (text, None),
    };
    let known_shape = !key.is_empty()
        && key
            .bytes()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_');
    if !known_shape {
        return Err(Failure::usage(format_args!(
            "--option: '{text}' is not KEY=VALUE or KEY"
        )));
    }
    if let Some(why) = value.and_then(unfit) {
        return Err(Failure::usage(format_args!("--option: the value of {key} {why}")));
    }
    Ok((key.to_owned(), value.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_injected() {
        let mut line = Line::default();
        for bad in ["nqn.x,hostnqn=nqn.evil", "nqn\n", "", "a\u{fffd}"] {
            assert_eq!(
                line.push("nqn", bad).map_err(|failure| failure.exit),
                Err(Exit::Data),
                "{bad:?}"
            );
        }
        assert_eq!(line.to_string(), "");
        for bad in ["", "=", "a b=1", "A=1", "a=1,b=2", "a="] {
            assert_eq!(extra(bad).map_err(|failure| failure.exit), Err(Exit::Usage), "{bad:?}");
        }
    }

    #[test]
    fn options_keep_their_order() -> Result<(), Failure> {
        let mut line = Line::default();
        line.push("nqn", "x")?;
        line.push("transport", "tcp")?;
        line.flag("hdr_digest");
        line.set(&extra("nqn=y")?);
        line.set(&extra("queue_size=32")?);
        assert_eq!(line.to_string(), "nqn=y,transport=tcp,hdr_digest,queue_size=32");
        Ok(())
    }
}
