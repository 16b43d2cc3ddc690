//! Durations on a command line.

use std::time::Duration;

/// Longest accepted duration, in seconds: a year.
const LONGEST: f64 = 31_536_000.0;

/// Reads a number of seconds, with or without decimals.
///
/// # Errors
/// A message, when the text is not a number or is beyond a year.
pub fn parse(text: &str) -> Result<Duration, String> {
    let number: Option<f64> = text.parse().ok();
    match number {
        Some(seconds) if (0.0..=LONGEST).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!("'{text}' is not a number of seconds from 0 to a year")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(parse("0"), Ok(Duration::ZERO));
        assert_eq!(parse("2.5"), Ok(Duration::from_millis(2500)));
        for text in ["", "-1", "x", "1s", "inf", "NaN", "1e99"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
