//! Values as JSON text, byte for byte as jq prints them.

use std::fmt::{self, Arguments, Write};

use super::limits;
use super::value::Value;

/// On one line.
pub(super) fn compact(out: &mut String, value: &Value) {
    write(out, value, None);
}

/// Each element on a line of its own, indented by two spaces per level.
pub(super) fn pretty(out: &mut String, value: &Value) {
    write(out, value, Some(0));
}

/// Compact JSON.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        compact(&mut text, self);
        f.write_str(&text)
    }
}

fn write(out: &mut String, value: &Value, depth: Option<usize>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(value) => number(out, *value),
        Value::String(text) => string(out, text),
        Value::Array(items) => elements(out, depth, ['[', ']'], items.iter(), write),
        Value::Object(object) => elements(out, depth, ['{', '}'], object.iter(), |out, (key, value), depth| {
            string(out, key);
            out.push_str(if depth.is_some() { ": " } else { ":" });
            write(out, value, depth);
        }),
    }
}

fn elements<T>(
    out: &mut String,
    depth: Option<usize>,
    [open, close]: [char; 2],
    items: impl Iterator<Item = T>,
    write: impl Fn(&mut String, T, Option<usize>),
) {
    let inner = depth.map(|depth| depth + 1);
    let mut empty = true;
    let start = out.len();
    out.push(open);
    // A value that holds the same array many times can have a text without end.
    for item in items.take_while(|_| !limits::is_reached()) {
        if !empty {
            out.push(',');
        }
        empty = false;
        line(out, inner);
        write(out, item, inner);
    }
    if !empty {
        line(out, depth);
    }
    out.push(close);
    limits::may_grow(out.len() - start);
}

/// Begins a line.
fn line(out: &mut String, depth: Option<usize>) {
    if let Some(depth) = depth {
        out.push('\n');
        (0..depth).for_each(|_| out.push_str("  "));
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    let special = |c: char| c.is_ascii_control() || c == '"' || c == '\\';
    while let Some((plain, after)) = rest.split_once(special) {
        out.push_str(plain);
        match rest.as_bytes().get(plain.len()).copied().unwrap_or_default() {
            8 => out.push_str("\\b"),
            9 => out.push_str("\\t"),
            10 => out.push_str("\\n"),
            12 => out.push_str("\\f"),
            13 => out.push_str("\\r"),
            c @ (b'"' | b'\\') => out.extend(['\\', char::from(c)]),
            c => print(out, format_args!("\\u{c:04x}")),
        }
        rest = after;
    }
    out.push_str(rest);
    out.push('"');
}

/// The shortest digits that read back as this number, with an exponent where jq (David Gay's `g_fmt`) writes one.
fn number(out: &mut String, number: f64) {
    if number.is_nan() {
        return out.push_str("null");
    }
    let integer = number as i64;
    let negative_zero = integer == 0 && number.is_sign_negative();
    if integer as f64 == number && integer.abs() <= 1_000_000_000_000_000 && !negative_zero {
        return print(out, format_args!("{integer}"));
    }
    let text = format!("{:e}", number.clamp(-f64::MAX, f64::MAX));
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let point = 1 + exponent.parse::<i32>().unwrap_or_default();
    if (-3..=15 + digits as i32).contains(&point) {
        print(out, format_args!("{number}"));
    } else {
        print(out, format_args!("{mantissa}e{:+03}", point - 1));
    }
}

fn print(out: &mut String, text: Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}
