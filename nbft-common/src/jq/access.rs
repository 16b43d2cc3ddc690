//! jaq-core's interface to a value: its children by key, index and slice, read and updated.

use std::ops::Range as Slice;
use std::rc::Rc;

use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_core::{Error, Exn, ValR, ValT, ValX};

use super::object::Object;
use super::value::{Value, error, fail, wrong};

/// Longest array that assignment to an index may produce.
const LONGEST: f64 = (1 << 24) as f64;

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
        Ok(Self::Object(Rc::new(object)))
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
            (Self::Null, Self::String(_) | Self::Number(_) | Self::Null) => Ok(Self::Null),
            (Self::Null | Self::Array(_) | Self::String(_), Self::Object(slice)) => {
                self.range(slice.get("start")..slice.get("end"))
            }
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
            _ => Err(self.cannot_index(&Self::from(None..None))),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        optional: Opt,
        change: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match self {
            Self::Array(items) => Rc::unwrap_or_clone(items)
                .into_iter()
                .filter_map(|item| change(item).next())
                .collect(),
            Self::Object(object) => {
                let object = Rc::unwrap_or_clone(object).try_map(|value| change(value).next())?;
                Ok(Self::Object(Rc::new(object)))
            }
            other => optional.fail(other, |other| other.cannot_iterate().into()),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        key: &Self,
        optional: Opt,
        change: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match (self, key) {
            (Self::Null, Self::String(_)) => Self::Object(Rc::default()).map_index(key, optional, change),
            (Self::Null, Self::Number(_)) => Self::Array(Rc::default()).map_index(key, optional, change),
            (Self::Object(mut object), Self::String(key)) => {
                let inner = Rc::make_mut(&mut object);
                let old = inner.get_mut(key).map(std::mem::take).unwrap_or_default();
                match change(old).next().transpose()? {
                    Some(new) => inner.insert(key.clone(), new),
                    None => inner.remove(key),
                }
                Ok(Self::Object(object))
            }
            (Self::Array(items), Self::Number(index)) => match place_to_set(*index, items.len()) {
                Ok(index) => Ok(Self::array(set(Rc::unwrap_or_clone(items), index, change)?)),
                Err(why) => optional.fail(Self::Array(items), |_| why.into()),
            },
            (value @ (Self::Null | Self::Array(_)), Self::Object(slice)) => {
                value.map_range(slice.get("start")..slice.get("end"), optional, change)
            }
            (value, key) => optional.fail(value, |value| value.cannot_index(key).into()),
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<&Self>,
        optional: Opt,
        change: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        let mut items = match self {
            Self::Null => Vec::new(),
            Self::Array(items) => Rc::unwrap_or_clone(items),
            other => {
                return optional.fail(other, |_| error("Cannot update field at object index").into());
            }
        };
        let part = match bounds(range, items.len()) {
            Ok(part) => part,
            Err(why) => return optional.fail(Self::array(items), |_| why.into()),
        };
        let old = items.get(part.clone()).unwrap_or_default().to_vec();
        let new = match change(Self::array(old)).next().transpose()? {
            None => Rc::default(),
            Some(Self::Array(new)) => new,
            Some(other) => {
                let message = "A slice of an array can only be assigned another array";
                return optional.fail(other, |_| error(message).into());
            }
        };
        items.splice(part, new.iter().cloned());
        Ok(Self::array(items))
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
        let kind = self.kind();
        match key {
            Self::String(_) => error(format_args!("Cannot index {kind} with string {key}")),
            _ => error(format_args!("Cannot index {kind} with {}", key.kind())),
        }
    }

    /// Deletes the children at these paths; a path that leads nowhere is no error.
    pub(super) fn without(self, paths: Self) -> ValR<Self> {
        let Self::Array(mut paths) = paths else {
            return fail("Paths must be specified as an array");
        };
        // From the end, so that no deletion moves a child that is still to be deleted.
        Rc::make_mut(&mut paths).sort_by(|left, right| right.order(left));
        paths.iter().try_fold(self, |value, path| match path {
            Self::Array(path) => value.without_path(path),
            _ => fail("Path must be specified as an array"),
        })
    }

    fn without_path(self, path: &[Self]) -> ValR<Self> {
        let Some((key, rest)) = path.split_first() else {
            return Ok(Self::Null);
        };
        let there = match (&self, key) {
            (Self::Null, _) => false,
            (Self::Object(object), Self::String(key)) => object.get(key).is_some(),
            (Self::Array(items), Self::Number(index)) => place(*index, items.len()).is_some(),
            _ => true,
        };
        if !there {
            return Ok(self);
        }
        let deleted = self.map_index(key, Opt::Essential, |child| {
            let child = (!rest.is_empty()).then(|| child.without_path(rest).map_err(Exn::from));
            child.into_iter()
        });
        deleted.or_else(|exception| exception.get_err().map_or_else(|_| fail("break"), Err))
    }
}

/// The items from index 0 until one is missing, without a copy of the whole.
fn each<T>(item: impl Fn(usize) -> Option<T>) -> impl Iterator<Item = T> {
    (0..).map_while(item)
}

/// The position of an index in an array; negative ones count from the end.
fn place(index: f64, length: usize) -> Option<usize> {
    let index = if index < 0.0 {
        index.floor() + length as f64
    } else {
        index
    };
    (index >= 0.0 && index < length as f64).then_some(index as usize)
}

fn place_to_set(index: f64, length: usize) -> ValR<usize, Value> {
    match place(index, length) {
        Some(index) => Ok(index),
        None if index < 0.0 => fail("Out of bounds negative array index"),
        None if index < LONGEST => Ok(index as usize),
        None => fail("Array index too large"),
    }
}

/// Changes one item, which may be beyond the end; without a new value the item is deleted.
fn set<'a, I: Iterator<Item = ValX<'a, Value>>>(
    mut items: Vec<Value>,
    index: usize,
    change: impl Fn(Value) -> I,
) -> Result<Vec<Value>, Exn<'a, Value>> {
    let old = items.get_mut(index).map(std::mem::take).unwrap_or_default();
    match change(old).next().transpose()? {
        Some(new) => {
            if index >= items.len() {
                items.resize(index + 1, Value::Null);
            }
            if let Some(item) = items.get_mut(index) {
                *item = new;
            }
        }
        None if index < items.len() => drop(items.remove(index)),
        None => {}
    }
    Ok(items)
}

/// The positions of a slice in an array or string of this length.
fn bounds(range: Range<&Value>, length: usize) -> ValR<Slice<usize>, Value> {
    let bound = |bound: Option<&Value>, default: usize, round: fn(f64) -> f64| match bound {
        None | Some(Value::Null) => Ok(default),
        Some(Value::Number(number)) => {
            let number = if *number < 0.0 { number + length as f64 } else { *number };
            Ok((round(number) as usize).min(length))
        }
        Some(_) => fail("Start and end indices of an array slice must be numbers"),
    };
    let start = bound(range.start, 0, f64::floor)?;
    let end = bound(range.end, length, f64::ceil)?;
    Ok(start..end.max(start))
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
        (Value::Object(object), Value::String(key)) => Ok(object.get(key).is_some().into()),
        (Value::Array(items), Value::Number(index)) => Ok((*index >= 0.0 && *index < items.len() as f64).into()),
        _ => fail(format_args!(
            "Cannot check whether {} has a {} key",
            value.kind(),
            key.kind()
        )),
    }
}

/// The keys of an object, sorted; the indices of an array.
pub(super) fn keys(value: &Value) -> ValR<Value> {
    match value {
        Value::Object(object) => Ok(object.by_key().map(|(key, _)| Value::String(key.clone())).collect()),
        Value::Array(items) => Ok((0..items.len()).map(Value::from).collect()),
        other => wrong(other, "has no keys"),
    }
}
