//! The functions that need Rust; `prelude.jq` defines the others in jq's own language.

use std::rc::Rc;

use jaq_core::data::JustLut;
use jaq_core::native::{Fun, bome, v};
use jaq_core::{Native, RunPtr, ValR};

use super::access::{has, keys, positions};
use super::format;
use super::operators::split;
use super::value::{Value, fail, wrong};

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
        "ascii_downcase" = |text| map_text(text, "ascii_downcase", str::to_ascii_lowercase);
        "ascii_upcase" = |text| map_text(text, "ascii_upcase", str::to_ascii_uppercase);
        "ceil" = |number| map_number(number, f64::ceil);
        "explode" = explode;
        "fabs" = |number| map_number(number, f64::abs);
        "floor" = |number| map_number(number, f64::floor);
        "fromjson" = fromjson;
        "implode" = implode;
        "keys" = |value| keys(&value);
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
        /
        "contains" = |value, part| contains(&value, &part).map(Value::from);
        "delpaths" = Value::without;
        "endswith" = |text, end| ends(&text, &end, "endswith", |text, end| text.ends_with(end));
        "has" = |value, key| has(&value, &key);
        "indices" = |value, part| indices(&value, &part);
        "join" = join;
        "ltrimstr" = |text, start| Ok(trimmed(text, &start, |text, start| text.strip_prefix(start)));
        "rtrimstr" = |text, end| Ok(trimmed(text, &end, |text, end| text.strip_suffix(end)));
        "split" = |text, separator| match (&text, &separator) {
            (Value::String(text), Value::String(separator)) => Ok(split(text, separator)),
            _ => fail("split input and separator must be strings"),
        };
        "startswith" = |text, start| ends(&text, &start, "startswith", |text, start| text.starts_with(start));
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
    // jq's range takes numbers only, which its definition in `prelude.jq` checks.
    let core = jaq_core::funs().map(|(name, arguments, function)| match name {
        "range" => ("_range", arguments, function),
        _ => (name, arguments, function),
    });
    own.chain(core)
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
    use jaq_core::ValT as _;
    value.values().try_fold(Value::Null, |sum, item| sum + item?)
}

fn reverse(value: Value) -> Result {
    match value {
        Value::Null => Ok(Value::array(Vec::new())),
        Value::String(text) => Ok(text.chars().rev().collect::<String>().into()),
        Value::Array(mut items) => {
            Rc::make_mut(&mut items).reverse();
            Ok(Value::Array(items))
        }
        other => wrong(&other, "cannot be reversed, as it is not an array"),
    }
}

fn explode(value: Value) -> Result {
    match &value {
        Value::String(text) => Ok(text.chars().map(|c| Value::from(f64::from(u32::from(c)))).collect()),
        other => wrong(other, "cannot be exploded"),
    }
}

fn implode(value: Value) -> Result {
    let Value::Array(items) = &value else {
        return wrong(&value, "cannot be imploded");
    };
    let mut text = String::new();
    for item in items.iter() {
        match item {
            Value::Number(number) => match char::from_u32(*number as u32) {
                Some(c) if f64::from(u32::from(c)) == *number => text.push(c),
                _ => return wrong(item, "is not a Unicode code point"),
            },
            other => return wrong(other, "is not a Unicode code point"),
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
    let digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit() || b"+-.eE".contains(&c));
    match &value {
        Value::Number(_) => Ok(value),
        Value::String(text) => match text.trim().parse() {
            Ok(number) if digits(text.trim()) => Ok(Value::Number(number)),
            _ => wrong(&value, "cannot be parsed as a number"),
        },
        other => wrong(other, "cannot be parsed as a number"),
    }
}

fn contains(value: &Value, part: &Value) -> ValR<bool, Value> {
    Ok(match (value, part) {
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        (Value::Array(items), Value::Array(parts)) => parts.iter().all(|part| {
            let same = |item: &&Value| item.kind() == part.kind();
            items.iter().filter(same).any(|item| contains(item, part) == Ok(true))
        }),
        (Value::Object(object), Value::Object(parts)) => {
            for (key, part) in parts.iter() {
                let found = match object.get(key) {
                    Some(value) => contains(value, part)?,
                    None => false,
                };
                if !found {
                    return Ok(false);
                }
            }
            true
        }
        _ if value.kind() == part.kind() => value == part,
        _ => {
            let (value, part) = (value.shown(), part.shown());
            return fail(format_args!("{value} and {part} cannot have their containment checked"));
        }
    })
}

fn indices(value: &Value, part: &Value) -> Result {
    match (value, part) {
        (Value::Null, _) => Ok(Value::Null),
        (Value::String(text), Value::String(part)) if part.is_empty() => Ok(Value::Null),
        (Value::String(text), Value::String(part)) => {
            let starts = text.char_indices().enumerate();
            let found = starts.filter(|(_, (byte, _))| text.get(*byte..).is_some_and(|t| t.starts_with(part.as_str())));
            Ok(found.map(|(index, _)| Value::from(index)).collect())
        }
        (Value::Array(items), Value::Array(part)) => Ok(positions(items, part).collect()),
        (Value::Array(items), part) => Ok(positions(items, std::slice::from_ref(part)).collect()),
        _ => fail(format_args!(
            "Cannot determine indices of {} in {}",
            part.kind(),
            value.kind()
        )),
    }
}

fn join(value: Value, separator: Value) -> Result {
    use jaq_core::ValT as _;
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

fn ends(text: &Value, end: &Value, name: &str, check: fn(&str, &str) -> bool) -> Result {
    match (text, end) {
        (Value::String(text), Value::String(end)) => Ok(check(text, end).into()),
        _ => fail(format_args!("{name}() requires string inputs")),
    }
}

fn trimmed(text: Value, end: &Value, strip: for<'a> fn(&'a str, &str) -> Option<&'a str>) -> Value {
    let rest = match (&text, end) {
        (Value::String(text), Value::String(end)) => strip(text, end).map(Value::from),
        _ => None,
    };
    rest.unwrap_or(text)
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
