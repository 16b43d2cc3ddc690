//! String formats: `@sh`, `@tsv` and others.

use std::fmt::Write;

use jaq_core::ValR;

use super::value::{Value, wrong};

type Result = ValR<Value>;

/// Text in which some characters are replaced.
fn escaped(text: &str, replacement: fn(char) -> Option<&'static str>) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match replacement(c) {
            Some(other) => out.push_str(other),
            None => out.push(c),
        }
    }
    out
}

pub(super) fn html(text: &str) -> String {
    escaped(text, |c| match c {
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '&' => Some("&amp;"),
        '\'' => Some("&apos;"),
        '"' => Some("&quot;"),
        _ => None,
    })
}

pub(super) fn uri(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Words for a shell, strings in single quotes; an array becomes one word per item.
pub(super) fn sh(value: &Value) -> Result {
    let quoted = |text: &str| format!("'{}'", escaped(text, |c| (c == '\'').then_some("'\\''")));
    let items = match value {
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    };
    row(items, " ", "can not be escaped for shell", "null", quoted)
}

/// One line of tab-separated values.
pub(super) fn tsv(value: &Value) -> Result {
    let Value::Array(items) = value else {
        return wrong(value, "cannot be tsv-formatted, only array");
    };
    let field = |text: &str| {
        escaped(text, |c| match c {
            '\0' => Some("\\0"),
            '\t' => Some("\\t"),
            '\n' => Some("\\n"),
            '\r' => Some("\\r"),
            '\\' => Some("\\\\"),
            _ => None,
        })
    };
    row(items, "\t", "is not valid in a csv row", "", field)
}

/// One line of comma-separated values.
pub(super) fn csv(value: &Value) -> Result {
    let Value::Array(items) = value else {
        return wrong(value, "cannot be csv-formatted, only array");
    };
    let field = |text: &str| {
        format!(
            "\"{}\"",
            escaped(text, |c| match c {
                '"' => Some("\"\""),
                '\0' => Some("\\0"),
                _ => None,
            })
        )
    };
    row(items, ",", "is not valid in a csv row", "", field)
}

fn row(items: &[Value], separator: &str, refusal: &str, null: &str, field: impl Fn(&str) -> String) -> Result {
    let mut out = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        match item {
            Value::Null => out.push_str(null),
            Value::Number(number) if number.is_nan() => out.push_str(null),
            Value::String(text) => out.push_str(&field(text)),
            Value::Bool(_) | Value::Number(_) => out.push_str(&item.to_string()),
            other => return wrong(other, refusal),
        }
    }
    Ok(out.into())
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn base64(text: &str) -> String {
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = BASE64
                .get(bits >> (18 - 6 * place) & 63)
                .filter(|_| place <= chunk.len());
            out.push(char::from(digit.copied().unwrap_or(b'=')));
        }
    }
    out
}

pub(super) fn base64d(value: &Value) -> Result {
    let text = value.clone().text();
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_usize, 0);
    for byte in text.bytes().take_while(|byte| *byte != b'=') {
        let Some(digit) = BASE64.iter().position(|digit| *digit == byte) else {
            return wrong(value, "is not valid base64 data");
        };
        bits = (bits << 6 | digit) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    if count == 6 {
        return wrong(value, "trailing base64 byte found");
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned().into())
}

pub(super) fn urid(value: &Value) -> Result {
    let text = value.clone().text();
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits = part
            .get(..2)
            .filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()));
        let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) else {
            return wrong(value, "is not a valid uri encoding");
        };
        bytes.push(byte);
        bytes.extend_from_slice(part.as_bytes().get(2..).unwrap_or_default());
    }
    String::from_utf8(bytes).map_or_else(|_| wrong(value, "is not a valid uri encoding"), |text| Ok(text.into()))
}
