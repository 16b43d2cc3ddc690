//! The option line that /dev/nvme-fabrics takes: `key=value` and flags with commas between them, without any escaping.

use std::fmt;

use nbft_common::command::failure::{Exit, Failure};

use crate::fabrics::Supported;

/// One option; a flag has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub key: String,
    pub value: Option<String>,
    /// The value is never shown.
    pub secret: bool,
}

impl Field {
    /// A flag.
    pub fn flag(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            value: None,
            secret: false,
        }
    }

    /// An option that may be shown.
    pub fn option(key: &str, value: impl fmt::Display) -> Self {
        Self {
            key: key.to_owned(),
            value: Some(value.to_string()),
            secret: false,
        }
    }
}

/// An option line under construction. Options keep the order of insertion, which is always the same, because the kernel
/// compares addresses as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(Vec<Field>);

impl Line {
    /// Appends an option; its value must not end the option early.
    pub fn push(&mut self, key: &str, value: impl fmt::Display) -> Result<(), Failure> {
        let value = value.to_string();
        if let Some(why) = unfit(&value) {
            return Err(Failure::new(Exit::Data, format!("{key}='{value}': {why}")));
        }
        self.0.push(Field {
            key: key.to_owned(),
            value: Some(value),
            secret: false,
        });
        Ok(())
    }

    /// Replaces an option, or appends it.
    pub fn set(&mut self, field: &Field) {
        match self.0.iter_mut().find(|old| old.key == field.key) {
            Some(old) => old.clone_from(field),
            None => self.0.push(field.clone()),
        }
    }

    /// The value of an option.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|field| field.key == key)?.value.as_deref()
    }

    /// Whether the line has an option or a flag.
    pub fn has(&self, key: &str) -> bool {
        self.0.iter().any(|field| field.key == key)
    }

    /// Removes an option; returns whether the line had the option.
    pub fn remove(&mut self, key: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|field| field.key != key);
        self.0.len() < before
    }

    /// The first option that this kernel does not know.
    pub fn unsupported(&self, kernel: &Supported) -> Option<&str> {
        self.0
            .iter()
            .map(|field| field.key.as_str())
            .find(|key| !kernel.has(key))
    }

    /// The line for the kernel, secrets included; for no other reader.
    pub fn for_kernel(&self) -> String {
        self.text(|value, _| value.to_owned())
    }

    fn text(&self, show: impl Fn(&str, bool) -> String) -> String {
        let fields = self.0.iter().map(|field| match &field.value {
            Some(value) => format!("{}={}", field.key, show(value, field.secret)),
            None => field.key.clone(),
        });
        fields.collect::<Vec<_>>().join(",")
    }
}

/// The line for people, without its secrets.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(|value, secret| {
            if secret {
                "(not shown)".to_owned()
            } else {
                value.to_owned()
            }
        }))
    }
}

/// Why a value cannot be part of an option line.
pub fn unfit(value: &str) -> Option<&'static str> {
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
    // A secret does not belong on a command line, but a secret given there must at least not go further.
    let secret = key.contains("secret");
    Ok(Field {
        key: key.to_owned(),
        value: value.map(str::to_owned),
        secret,
    })
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
        line.set(&Field::flag("hdr_digest"));
        line.set(&extra("nqn=y")?);
        line.set(&extra("queue_size=32")?);
        assert_eq!(line.to_string(), "nqn=y,transport=tcp,hdr_digest,queue_size=32");
        line.set(&Field {
            key: "dhchap_secret".to_owned(),
            value: Some("DHHC-1:x".to_owned()),
            secret: true,
        });
        assert!(!line.to_string().contains("DHHC") && line.for_kernel().ends_with(",dhchap_secret=DHHC-1:x"));
        Ok(())
    }
}
