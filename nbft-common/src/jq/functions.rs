//! The functions that need Rust; `prelude.jq` defines the others in jq's own language.

use std::rc::Rc;

use jaq_core::box_iter::box_once;
use jaq_core::data::JustLut;
use jaq_core::native::{Fun, bome, v};
use jaq_core::{Bind, Cv, Exn, Native, RunPtr, ValR, ValT as _, ValXs};

use super::access::{has, positions};
use super::operators::split;
use super::rewrite::{ASSIGN, GUARD, MODIFY};
use super::value::{Value, fail, wrong};
use super::{format, limits, paths};

type Result = ValR<Value>;

/// A table of functions: first those without an argument, then those with one.
macro_rules! functions {
    ($($name:literal = $function:expr;)* / $($name1:literal = $function1:expr;)*) => {
        &[
            $(($name, 0, |cv| {
                let function: fn(Value) -> Result = $function;
                bome(function(cv.1))
            }),)*
            $(($name1, 1, |mut cv| {
                let argument = cv.0.pop_var();
                let function: fn(Value, Value) -> Result = $function1;
                bome(function(cv.1, argument))
            }),)*
        ]
    };
}

type D = JustLut<Value>;

/// Name, number of arguments, function.
const FUNCTIONS: &[(&str, usize, RunPtr<D>)] = functions! {
        "add" = add;
        "ascii_downcase" = |text| map_text(text, "explode", str::to_ascii_lowercase);
        "ascii_upcase" = |text| map_text(text, "explode", str::to_ascii_uppercase);
        "ceil" = |number| map_number(number, f64::ceil);
        "explode" = explode;
        "fabs" = |number| map_number(number, f64::abs);
        "floor" = |number| map_number(number, f64::floor);
        "fromjson" = fromjson;
        "implode" = implode;
        "keys" = |value| keys(value, true);
        "keys_unsorted" = |value| keys(value, false);
        "length" = length;
        "ltrim" = |text| map_text(text, "trim", |text| text.trim_start().to_owned());
        "reverse" = reverse;
        "round" = |number| map_number(number, f64::round);
        "rtrim" = |text| map_text(text, "trim", |text| text.trim_end().to_owned());
        "sqrt" = |number| map_number(number, f64::sqrt);
        "tojson" = |value| Ok(value.to_string().into());
        "tonumber" = tonumber;
        "trim" = |text| map_text(text, "trim", |text| text.trim().to_owned());
        "type" = |value| Ok(value.kind().into());
        "utf8bytelength" = utf8bytelength;
        "@base64" = |value| Ok(format::base64(&value.text()).into());
        "@base64d" = |value| format::base64d(&value);
        "@csv" = |value| format::csv(&value);
        "@html" = |value| Ok(format::html(&value.text()).into());
        "@json" = |value| Ok(value.to_string().into());
        "@sh" = |value| format::sh(&value);
        "@text" = |value| Ok(Value::String(value.text()));
        "@tsv" = |value| format::tsv(&value);
        "@uri" = |value| Ok(format::uri(&value.text()).into());
        "@urid" = |value| format::urid(&value);
        /
        "contains" = |value, part| match kind(&value) == kind(&part) {
            true => Ok(contains(&value, &part).into()),
            false => fail(format_args!("{} and {} cannot have their containment checked", value.shown(), part.shown())),
        };
        "delpaths" = paths::delete;
        "endswith" = |text, end| strings(&text, &end, "endswith", |text, end| text.ends_with(end).into());
        "has" = |value, key| has(&value, &key);
        "indices" = indices;
        "join" = join;
        "ltrimstr" = |text, start| strings(&text, &start, "startswith", |text, start| {
            text.strip_prefix(start).unwrap_or(text).into()
        });
        "rtrimstr" = |text, end| strings(&text, &end, "endswith", |text, end| {
            text.strip_suffix(end).unwrap_or(text).into()
        });
        "split" = |text, separator| match (&text, &separator) {
            (Value::String(text), Value::String(separator)) => Ok(split(text, separator)),
            _ => fail("split input and separator must be strings"),
        };
        "startswith" = |text, start| strings(&text, &start, "startswith", |text, start| text.starts_with(start).into());
        "_fail" = |value, what| wrong(&value, &what.text());
        "_group_by" = |items, keys| Ok(groups(sorted(&items, &keys, "grouped")?));
        "_sort_by" = |items, keys| {
            let pairs = sorted(&items, &keys, "sorted")?;
            Ok(pairs.into_iter().map(|(_, item)| item).collect())
        };
};

/// All functions, jaq-core's included. Of two with the same name and arity the first wins.
pub(super) fn functions() -> impl Iterator<Item = Fun<D>> {
    let own = FUNCTIONS.iter();
    let own = own.map(|&(name, arguments, function)| (name, v(arguments), Native::<D>::new(function)));
    let guard = Native::new(|cv| box_once(guarded(cv.1))).with_paths(|cv| box_once(guarded(cv.1)));
    let special: [Fun<D>; 5] = [
        (GUARD, v(0), guard),
        (
            MODIFY,
            [Bind::Fun(()), Bind::Fun(())].into(),
            Native::new(|cv| paths::modify(cv)),
        ),
        (
            ASSIGN,
            [Bind::Fun(()), Bind::Var(())].into(),
            Native::new(|cv| paths::assign(cv)),
        ),
        (
            "_setpath",
            v(2),
            Native::new(|mut cv| {
                let new = cv.0.pop_var();
                let path = cv.0.pop_var();
                bome(paths::set(cv.1, &path, new))
            }),
        ),
        ("_range", v(3), Native::new(|cv| range(cv))),
    ];
    // `prelude.jq` checks their arguments.
    let core = jaq_core::funs().map(|(name, arguments, function)| match name {
        "limit" => ("_limit", arguments, function),
        "skip" => ("_skip", arguments, function),
        _ => (name, arguments, function),
    });
    own.chain(special).chain(core)
}

/// The value, unless recursion has reached a bound.
fn guarded<'a, T>(value: T) -> std::result::Result<T, Exn<'a, Value>> {
    match limits::may_recurse() {
        true => Ok(value),
        // No `try` catches it.
        false => Err(Exn::halt(0)),
    }
}

fn range(mut cv: Cv<'_, D>) -> ValXs<'_, Value> {
    let mut number = || match cv.0.pop_var() {
        Value::Number(number) => Ok(number),
        _ => fail("Range bounds must be numeric"),
    };
    let (by, to, from) = match (number(), number(), number()) {
        (Ok(by), Ok(to), Ok(from)) => (by, to, from),
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => return box_once(Err(error.into())),
    };
    let mut next = from;
    Box::new(std::iter::from_fn(move || {
        let now = next;
        next += by;
        ((by > 0.0 && now < to) || (by < 0.0 && now > to)).then(|| guarded(now.into()))
    }))
}

/// The keys of an object, or the indices of an array.
fn keys(value: Value, sorted: bool) -> Result {
    let key = |(key, _): &(Rc<String>, Value)| Value::String(key.clone());
    match &value {
        Value::Object(object) if sorted => Ok(object.by_key().map(key).collect()),
        Value::Object(object) => Ok(object.iter().map(key).collect()),
        Value::Array(items) => Ok((0..items.len()).map(Value::from).collect()),
        other => wrong(other, "has no keys"),
    }
}

fn map_number(value: Value, function: fn(f64) -> f64) -> Result {
    match value {
        Value::Number(number) => Ok(function(number).into()),
        other => wrong(&other, "number required"),
    }
}

fn map_text(value: Value, name: &str, function: fn(&str) -> String) -> Result {
    match value {
        Value::String(text) => Ok(function(&text).into()),
        _ => fail(format_args!("{name} input must be a string")),
    }
}

fn length(value: Value) -> Result {
    Ok(match &value {
        Value::Null => Value::Number(0.0),
        Value::Number(number) => Value::Number(number.abs()),
        Value::String(text) => text.chars().count().into(),
        Value::Array(items) => items.len().into(),
        Value::Object(object) => object.len().into(),
        Value::Bool(_) => return wrong(&value, "has no length"),
    })
}

fn utf8bytelength(value: Value) -> Result {
    match &value {
        Value::String(text) => Ok(text.len().into()),
        other => wrong(other, "only strings have UTF-8 byte length"),
    }
}

fn add(value: Value) -> Result {
    value.values().try_fold(Value::Null, |sum, item| sum + item?)
}

fn reverse(value: Value) -> Result {
    if let Value::Array(items) = &value {
        return Ok(items.iter().rev().cloned().collect());
    }
    match length(value.clone())? {
        Value::Number(length) if length >= 1.0 => value.index(&Value::Number(length - 1.0)),
        _ => Ok(Value::array(Vec::new())),
    }
}

fn explode(value: Value) -> Result {
    match &value {
        Value::String(text) => Ok(text.chars().map(|c| Value::from(f64::from(u32::from(c)))).collect()),
        _ => fail("explode input must be a string"),
    }
}

fn implode(value: Value) -> Result {
    let Value::Array(items) = &value else {
        return fail("implode input must be an array");
    };
    let mut text = String::new();
    for item in items.iter() {
        match item {
            Value::Number(number) if !number.is_nan() => {
                let c = if *number <= -1.0 {
                    None
                } else {
                    char::from_u32(*number as u32)
                };
                text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            other => return wrong(other, "can't be imploded, unicode codepoint needs to be numeric"),
        }
    }
    Ok(text.into())
}

fn fromjson(value: Value) -> Result {
    let Value::String(text) = &value else {
        return wrong(&value, "only strings can be parsed");
    };
    serde_json::from_str(text).or_else(|error| fail(format_args!("{error} (while parsing '{text}')")))
}

fn tonumber(value: Value) -> Result {
    match &value {
        Value::Number(_) => Ok(value),
        Value::String(text) => match text.parse() {
            Ok(number) => Ok(Value::Number(number)),
            Err(_) => wrong(&value, "cannot be parsed as a number"),
        },
        other => wrong(other, "cannot be parsed as a number"),
    }
}

/// jq's types, of which `true` and `false` are two.
fn kind(value: &Value) -> (&'static str, bool) {
    (value.kind(), matches!(value, Value::Bool(true)))
}

fn contains(value: &Value, part: &Value) -> bool {
    match (value, part) {
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        (Value::Array(items), Value::Array(parts)) => {
            parts.iter().all(|part| items.iter().any(|item| contains(item, part)))
        }
        (Value::Object(object), Value::Object(parts)) => parts
            .iter()
            .all(|(key, part)| object.get(key).is_some_and(|value| contains(value, part))),
        _ => value == part,
    }
}

fn indices(value: Value, part: Value) -> Result {
    match (&value, &part) {
        (Value::String(_), Value::String(part)) if part.is_empty() => Ok(Value::array(Vec::new())),
        (Value::String(text), Value::String(part)) => {
            let starts = text.char_indices().enumerate();
            let found = starts.filter(|(_, (byte, _))| text.get(*byte..).is_some_and(|t| t.starts_with(part.as_str())));
            Ok(found.map(|(index, _)| Value::from(index)).collect())
        }
        (Value::Array(_), Value::Array(_)) => value.index(&part),
        (Value::Array(items), part) => Ok(positions(items, std::slice::from_ref(part)).collect()),
        _ => value.index(&part),
    }
}

fn join(value: Value, separator: Value) -> Result {
    let mut joined = Value::from("");
    for (index, item) in value.values().enumerate() {
        if index > 0 {
            joined = (joined + separator.clone())?;
        }
        joined = match item? {
            item @ (Value::Bool(_) | Value::Number(_)) => (joined + Value::String(item.text()))?,
            item => (joined + item)?,
        };
    }
    Ok(joined)
}

fn strings(text: &Value, part: &Value, name: &str, function: fn(&str, &str) -> Value) -> Result {
    match (text, part) {
        (Value::String(text), Value::String(part)) => Ok(function(text, part)),
        _ => fail(format_args!("{name}() requires string inputs")),
    }
}

/// Items with their keys, sorted by key; the sort is stable.
fn sorted(items: &Value, keys: &Value, what: &str) -> ValR<Vec<(Value, Value)>, Value> {
    let (Value::Array(items), Value::Array(keys)) = (items, keys) else {
        return wrong(items, &format!("cannot be {what}, as it is not an array"));
    };
    let mut pairs: Vec<_> = keys.iter().cloned().zip(items.iter().cloned()).collect();
    pairs.sort_by(|(left, _), (right, _)| left.order(right));
    Ok(pairs)
}

fn groups(sorted: Vec<(Value, Value)>) -> Value {
    let group = |pairs: &[(Value, Value)]| pairs.iter().map(|(_, item)| item.clone()).collect();
    sorted
        .chunk_by(|(left, _), (right, _)| left.order(right).is_eq())
        .map(group)
        .collect()
}
