//! The values that filters work on, and their conversions.

use std::fmt;
use std::rc::Rc;

use jaq_core::{Error, ValR};
use serde::Serialize;

use super::array::Array;
use super::limits::{self, Bound, MAX_LEVELS, Nested};
use super::object::Object;

/// A JSON value. Cloning is cheap: strings, arrays and objects are shared.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any number of jq; integers are exact up to 2^53.
    Number(f64),
    /// A string.
    String(Rc<String>),
    /// An array.
    Array(Rc<Array<Value>>),
    /// An object, its keys in insertion order.
    Object(Rc<Object<Value>>),
}

impl Value {
    /// Any serialisable data as a value.
    ///
    /// # Errors
    /// Data that JSON cannot express, such as a map whose keys are not strings.
    pub fn of(data: &impl Serialize) -> serde_json::Result<Self> {
        serde_json::from_slice(&serde_json::to_vec(data)?)
    }

    /// Whether a condition takes the value for true: every value but `null` and `false`.
    #[must_use]
    pub fn is_true(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    /// Name of the type, the result of jq's `type`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// Type and beginning of the value as in jq's messages: `string ("abcdefghij...")`.
    pub(super) fn shown(&self) -> String {
        let text = self.to_string();
        if text.len() <= 29 {
            return format!("{} ({text})", self.kind());
        }
        // The bracket or quote at the end stays.
        let end = match self {
            Self::Number(_) => "",
            _ => text.get(text.len() - 1..).unwrap_or_default(),
        };
        let fits = |(start, c): (usize, char)| (start + c.len_utf8() + end.len() <= 26).then_some(c);
        let start: String = text.char_indices().map_while(fits).collect();
        format!("{} ({start}...{end})", self.kind())
    }

    /// The value, if it does not have too many levels.
    pub(super) fn bounded(self) -> Self {
        if self.levels() > MAX_LEVELS {
            limits::reach(Bound::Levels);
            return Self::Null;
        }
        self
    }

    pub(super) fn array(items: Vec<Self>) -> Self {
        Self::Array(Rc::new(items.into())).bounded()
    }

    pub(super) fn object(object: Object<Self>) -> Self {
        Self::Object(Rc::new(object)).bounded()
    }

    /// The text of the value: a string itself, any other value as JSON.
    pub(super) fn text(self) -> Rc<String> {
        match self {
            Self::String(text) => text,
            other => Rc::new(other.to_string()),
        }
    }
}

impl Nested for Value {
    fn levels(&self) -> u32 {
        match self {
            Self::Array(items) => items.levels(),
            Self::Object(object) => object.levels(),
            _ => 0,
        }
    }
}

/// An error with this message.
pub(super) fn error(message: impl fmt::Display) -> Error<Value> {
    Error::str(message)
}

/// Fails with this message.
pub(super) fn fail<T>(message: impl fmt::Display) -> ValR<T, Value> {
    Err(error(message))
}

/// Fails with a message about this value.
pub(super) fn wrong<T>(value: &Value, what: &str) -> ValR<T, Value> {
    fail(format_args!("{} {what}", value.shown()))
}

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<isize> for Value {
    fn from(number: isize) -> Self {
        Self::Number(number as f64)
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(number as f64)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(Rc::new(text))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

/// A slice as a part of a path: `{"start": 1, "end": 2}`.
impl From<jaq_core::val::Range<Self>> for Value {
    fn from(range: jaq_core::val::Range<Self>) -> Self {
        let mut object = Object::default();
        object.insert(Rc::new("start".to_owned()), range.start.unwrap_or_default());
        object.insert(Rc::new("end".to_owned()), range.end.unwrap_or_default());
        Self::object(object)
    }
}

impl FromIterator<Self> for Value {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        let taken = items.into_iter().take_while(|_| limits::may_grow(size_of::<Self>()));
        Self::array(taken.collect())
    }
}
