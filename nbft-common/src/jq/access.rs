//! jaq-core's interface to a value: its children by key, index and slice.

use std::ops::Range as Slice;
use std::rc::Rc;

use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_core::{Error, ValR, ValT, ValX};

use super::limits;
use super::object::Object;
use super::value::{Value, error, fail};

/// Longest array that assignment to an index may produce.
const LONGEST: f64 = (1 << 29) as f64;

impl ValT for Value {
    fn from_num(number: &str) -> ValR<Self> {
        number.parse().map(Self::Number).or_else(fail)
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(entries: I) -> ValR<Self> {
        let mut object = Object::default();
        for (key, value) in entries {
            match key {
                Self::String(key) => object.insert(key, value),
                other => return fail(format_args!("Cannot use {} as object key", other.shown())),
            }
        }
        Ok(Self::object(object))
    }

    fn key_values(self) -> BoxIter<'static, ValR<(Self, Self), Self>> {
        match self {
            Self::Array(items) => Box::new(
                each(move |index| items.get(index).cloned())
                    .enumerate()
                    .map(|(index, value)| Ok((index.into(), value))),
            ),
            Self::Object(object) => Box::new(
                each(move |index| object.entry(index).cloned()).map(|(key, value)| Ok((Self::String(key), value))),
            ),
            other => box_once(Err(other.cannot_iterate())),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Self>>> {
        match self {
            Self::Array(items) => Box::new(each(move |index| items.get(index).cloned()).map(Ok)),
            Self::Object(object) => {
                Box::new(each(move |index| object.entry(index).cloned()).map(|(_, value)| Ok(value)))
            }
            other => box_once(Err(other.cannot_iterate())),
        }
    }

    fn index(self, key: &Self) -> ValR<Self> {
        match (&self, key) {
            (Self::Object(object), Self::String(key)) => Ok(object.get(key).cloned().unwrap_or_default()),
            (Self::Array(items), Self::Number(index)) => {
                let item = place(*index, items.len()).and_then(|index| items.get(index));
                Ok(item.cloned().unwrap_or_default())
            }
            (Self::Array(items), Self::Array(part)) => Ok(positions(items, part).collect()),
            (Self::Null, Self::String(_) | Self::Number(_) | Self::Object(_)) => Ok(Self::Null),
            (Self::Array(_) | Self::String(_), Self::Object(slice)) => self.range(bounds_in(slice)?),
            _ => Err(self.cannot_index(key)),
        }
    }

    fn range(self, range: Range<&Self>) -> ValR<Self> {
        match &self {
            Self::Null => Ok(Self::Null),
            Self::Array(items) => {
                let part = items.get(bounds(range, items.len())?).unwrap_or_default();
                Ok(part.iter().cloned().collect())
            }
            Self::String(text) => {
                let part = bounds(range, text.chars().count())?;
                let part: String = text.chars().skip(part.start).take(part.len()).collect();
                Ok(part.into())
            }
            _ => Err(self.cannot_index(&Self::from(range.start.cloned()..range.end.cloned()))),
        }
    }

    // Programs never get to the following three: `rewrite.rs` turns each update into a call.

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(self, _: Opt, _: impl Fn(Self) -> I) -> ValX<'a, Self> {
        Ok(self)
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        _: &Self,
        _: Opt,
        _: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        Ok(self)
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        _: Range<&Self>,
        _: Opt,
        _: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        Ok(self)
    }

    fn as_bool(&self) -> bool {
        self.is_true()
    }

    fn into_string(self) -> Self {
        Self::String(self.text())
    }
}

impl Value {
    fn cannot_iterate(&self) -> Error<Self> {
        error(format_args!("Cannot iterate over {}", self.shown()))
    }

    fn cannot_index(&self, key: &Self) -> Error<Self> {
        error(format_args!("Cannot index {} with {}", self.kind(), key.shown()))
    }

    /// Sets the child with this key.
    pub(super) fn set(self, key: &Self, value: Self) -> ValR<Self> {
        match (self, key) {
            (Self::Null, Self::String(_)) => Self::Object(Rc::default()).set(key, value),
            (Self::Null, Self::Number(_) | Self::Object(_)) => Self::Array(Rc::default()).set(key, value),
            (Self::Object(mut object), Self::String(key)) => {
                Rc::make_mut(&mut object).insert(key.clone(), value);
                Ok(Self::Object(object).bounded())
            }
            (Self::Array(mut items), Self::Number(index)) => {
                let index = place_to_set(*index, items.len())?;
                Rc::make_mut(&mut items).set(index, value);
                Ok(Self::Array(items).bounded())
            }
            (Self::Array(items), Self::Object(slice)) => {
                let Slice { start, end } = bounds(bounds_in(slice)?, items.len())?;
                let Self::Array(new) = value else {
                    return fail("A slice of an array can only be assigned another array");
                };
                let (before, after) = (items.iter().take(start), items.iter().skip(end));
                Ok(before.chain(new.iter()).chain(after).cloned().collect())
            }
            (Self::String(_), Self::Object(_)) => fail("Cannot update string slices"),
            (other, key) => fail(format_args!(
                "Cannot update field at {} index of {}",
                key.kind(),
                other.kind()
            )),
        }
    }

    /// Deletes the children with these keys; a key that leads nowhere is no error.
    pub(super) fn without(self, keys: &[&Self]) -> ValR<Self> {
        match self {
            Self::Null => Ok(Self::Null),
            Self::Object(mut object) => {
                for key in keys {
                    let Self::String(key) = key else {
                        return fail(format_args!("Cannot delete {} field of object", key.kind()));
                    };
                    Rc::make_mut(&mut object).remove(key);
                }
                Ok(Self::Object(object))
            }
            Self::Array(items) => {
                let mut kept = vec![true; items.len()];
                for key in keys {
                    let gone = match key {
                        Self::Number(index) => place(*index, items.len()).map_or(0..0, |place| place..place + 1),
                        Self::Object(slice) => bounds(bounds_in(slice)?, items.len())?,
                        other => return fail(format_args!("Cannot delete {} element of array", other.kind())),
                    };
                    kept.get_mut(gone).unwrap_or_default().fill(false);
                }
                let kept = items.iter().zip(kept).filter(|(_, kept)| *kept);
                Ok(kept.map(|(item, _)| item.clone()).collect())
            }
            other => fail(format_args!("Cannot delete fields from {}", other.kind())),
        }
    }
}

/// The items from index 0 until one is missing, without a copy of the whole.
fn each<T>(item: impl Fn(usize) -> Option<T>) -> impl Iterator<Item = T> {
    (0..).map_while(item)
}

/// The position of an index in an array; negative ones count from the end, fractions do not count.
fn place(index: f64, length: usize) -> Option<usize> {
    let index = index.trunc();
    let index = if index < 0.0 { index + length as f64 } else { index };
    (index >= 0.0 && index < length as f64).then_some(index as usize)
}

fn place_to_set(index: f64, length: usize) -> ValR<usize, Value> {
    match place(index, length) {
        Some(index) => Ok(index),
        None if index.is_nan() => fail("Cannot set array element at NaN index"),
        None if index < 0.0 => fail("Out of bounds negative array index"),
        None if index < LONGEST && limits::may_grow((index as usize - length) * size_of::<Value>()) => {
            Ok(index as usize)
        }
        None => fail("Array index too large"),
    }
}

/// The bounds of a slice in a path: `{"start": 1, "end": 2}`.
fn bounds_in(slice: &Object<Value>) -> ValR<Range<&Value>, Value> {
    match (slice.get("start"), slice.get("end")) {
        (Some(start), Some(end)) => Ok(Some(start)..Some(end)),
        _ => fail(NOT_INTEGERS),
    }
}

const NOT_INTEGERS: &str = "Array/string slice indices must be integers";

/// The positions of a slice in an array or string of this length.
fn bounds(range: Range<&Value>, length: usize) -> ValR<Slice<usize>, Value> {
    let length = length as f64;
    let bound = |bound: Option<&Value>, default: f64| match bound {
        None | Some(Value::Null) => Ok(default),
        Some(Value::Number(number)) if number.is_nan() => Ok(default),
        Some(Value::Number(number)) if *number < 0.0 => Ok(number + length),
        Some(Value::Number(number)) => Ok(*number),
        Some(_) => fail(NOT_INTEGERS),
    };
    let start = bound(range.start, 0.0)?.clamp(0.0, length).floor();
    let end = bound(range.end, length)?.ceil().clamp(start, length);
    Ok(start as usize..end as usize)
}

/// The positions of one array in another.
pub(super) fn positions(items: &[Value], part: &[Value]) -> impl Iterator<Item = Value> {
    // `windows` does not take a length of 0: an empty array has no position.
    let windows = (!part.is_empty()).then(|| items.windows(part.len()));
    windows
        .into_iter()
        .flatten()
        .enumerate()
        .filter_map(move |(index, window)| (window == part).then_some(index.into()))
}

/// Whether the value has this key.
pub(super) fn has(value: &Value, key: &Value) -> ValR<Value> {
    match (value, key) {
        (Value::Null, _) => Ok(false.into()),
        (Value::Object(object), Value::String(key)) => Ok(object.get(key).is_some().into()),
        (Value::Array(items), Value::Number(index)) => {
            Ok((*index > -1.0 && *index < items.len() as f64 && !items.is_empty()).into())
        }
        _ => fail(format_args!(
            "Cannot check whether {} has a {} key",
            value.kind(),
            key.kind()
        )),
    }
}
