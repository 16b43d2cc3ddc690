//! Arithmetic and order.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::rc::Rc;

use jaq_core::ValR;

use super::limits;
use super::object::Object;
use super::value::{Value, fail, wrong};

type Result = ValR<Value>;

/// Longest string that repetition may produce, as in jq.
const LONGEST: usize = i32::MAX as usize / 4;

fn cannot(left: &Value, right: &Value, what: &str) -> Result {
    fail(format_args!("{} and {} cannot be {what}", left.shown(), right.shown()))
}

impl Add for Value {
    type Output = Result;

    fn add(self, right: Self) -> Result {
        Ok(match (self, right) {
            (Self::Null, other) | (other, Self::Null) => other,
            (Self::Number(left), Self::Number(right)) => Self::Number(left + right),
            (Self::String(mut left), Self::String(right)) => {
                limits::may_grow(right.len());
                Rc::make_mut(&mut left).push_str(&right);
                Self::String(left)
            }
            (Self::Array(mut left), Self::Array(right)) => {
                limits::may_grow(size_of_val(&**right));
                Rc::make_mut(&mut left).append(&right);
                Self::Array(left)
            }
            (Self::Object(mut left), Self::Object(right)) => {
                let object = Rc::make_mut(&mut left);
                for (key, value) in right.iter() {
                    object.insert(key.clone(), value.clone());
                }
                Self::Object(left)
            }
            (left, right) => return cannot(&left, &right, "added"),
        })
    }
}

impl Sub for Value {
    type Output = Result;

    fn sub(self, right: Self) -> Result {
        Ok(match (self, right) {
            (Self::Number(left), Self::Number(right)) => Self::Number(left - right),
            (Self::Array(left), Self::Array(right)) => {
                left.iter().filter(|item| !right.contains(item)).cloned().collect()
            }
            (left, right) => return cannot(&left, &right, "subtracted"),
        })
    }
}

impl Mul for Value {
    type Output = Result;

    fn mul(self, right: Self) -> Result {
        Ok(match (self, right) {
            (Self::Number(left), Self::Number(right)) => Self::Number(left * right),
            (Self::String(text), Self::Number(times)) | (Self::Number(times), Self::String(text)) => {
                match times as usize {
                    _ if times < 0.0 || times.is_nan() => Self::Null,
                    times if text.len().saturating_mul(times) > LONGEST => {
                        return fail("Repeat string result too long");
                    }
                    times if !limits::may_grow(text.len().saturating_mul(times)) => Self::Null,
                    times => Self::from(text.repeat(times)),
                }
            }
            (Self::Object(mut left), Self::Object(right)) => {
                merge(Rc::make_mut(&mut left), &right);
                Self::Object(left).bounded()
            }
            (left, right) => return cannot(&left, &right, "multiplied"),
        })
    }
}

/// Adds the right object's keys to the left one; two objects under the same key are merged in turn.
fn merge(left: &mut Object<Value>, right: &Object<Value>) {
    for (key, value) in right.iter() {
        let value = match (left.take(key), value) {
            (Some(Value::Object(mut old)), Value::Object(new)) => {
                merge(Rc::make_mut(&mut old), new);
                Value::Object(old)
            }
            _ => value.clone(),
        };
        left.insert(key.clone(), value);
    }
}

impl Div for Value {
    type Output = Result;

    fn div(self, right: Self) -> Result {
        Ok(match (self, right) {
            (left @ Self::Number(_), right @ Self::Number(0.0)) => {
                return cannot(&left, &right, "divided because the divisor is zero");
            }
            (Self::Number(left), Self::Number(right)) => Self::Number(left / right),
            (Self::String(text), Self::String(separator)) => split(&text, &separator),
            (left, right) => return cannot(&left, &right, "divided"),
        })
    }
}

/// The parts of a string; an empty separator gives its characters.
pub(super) fn split(text: &str, separator: &str) -> Value {
    if text.is_empty() {
        Value::array(Vec::new())
    } else if separator.is_empty() {
        text.chars().map(|c| Value::from(c.to_string())).collect()
    } else {
        text.split(separator).map(Value::from).collect()
    }
}

impl Rem for Value {
    type Output = Result;

    fn rem(self, right: Self) -> Result {
        match (&self, &right) {
            (Self::Number(left), Self::Number(right)) if left.is_nan() || right.is_nan() => Ok(Self::Number(f64::NAN)),
            (Self::Number(left), Self::Number(divisor)) => match (*left as i64).checked_rem(*divisor as i64) {
                Some(rest) => Ok(Self::Number(rest as f64)),
                None if *divisor as i64 == -1 => Ok(Self::Number(0.0)),
                None => cannot(&self, &right, "divided (remainder) because the divisor is zero"),
            },
            _ => cannot(&self, &right, "divided (remainder)"),
        }
    }
}

impl Neg for Value {
    type Output = Result;

    fn neg(self) -> Result {
        match self {
            // Not -0: in jq a negated zero has no sign.
            Self::Number(number) => Ok(Self::Number(0.0 - number)),
            other => wrong(&other, "cannot be negated"),
        }
    }
}

impl Value {
    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(false) => 1,
            Self::Bool(true) => 2,
            Self::Number(_) => 3,
            Self::String(_) => 4,
            Self::Array(_) => 5,
            Self::Object(_) => 6,
        }
    }

    /// The order of `sort`: total, with not-a-number before all other numbers. Objects compare by their sorted keys, then by
    /// their values.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => left
                .partial_cmp(right)
                .unwrap_or_else(|| right.is_nan().cmp(&left.is_nan())),
            (Self::String(left), Self::String(right)) => left.cmp(right),
            (Self::Array(left), Self::Array(right)) => order_all(left.iter(), right.iter()),
            (Self::Object(left), Self::Object(right)) => {
                let keys = left
                    .by_key()
                    .map(|(key, _)| key)
                    .cmp(right.by_key().map(|(key, _)| key));
                keys.then_with(|| order_all(left.by_key().map(value_of), right.by_key().map(value_of)))
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

fn value_of((_, value): &(Rc<String>, Value)) -> &Value {
    value
}

pub(super) fn order_all<'a>(
    left: impl Iterator<Item = &'a Value>,
    mut right: impl Iterator<Item = &'a Value>,
) -> Ordering {
    for item in left {
        let Some(other) = right.next() else {
            return Ordering::Greater;
        };
        let order = item.order(other);
        if order.is_ne() {
            return order;
        }
    }
    right.next().map_or(Ordering::Equal, |_| Ordering::Less)
}

/// As in jq, not-a-number is less than anything, itself included, and equal to nothing.
impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(match self {
            Self::Number(number) if number.is_nan() && matches!(other, Self::Number(_)) => Ordering::Less,
            _ => self.order(other),
        })
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => left == right,
            (Self::Array(left), Self::Array(right)) => ***left == ***right,
            (Self::Object(left), Self::Object(right)) => left.len() == right.len() && left.by_key().eq(right.by_key()),
            _ => self.order(other).is_eq(),
        }
    }
}
