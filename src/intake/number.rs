//! Numbers and times as other apps write them, without ever passing through a float.

use chrono::{NaiveDateTime, NaiveTime};

/// A decimal in millionths; `,` and `.` both part the decimals. `None` for what is no number.
pub(crate) fn micro(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, decimals) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && decimals.is_empty()) || !all_digits(whole) || !all_digits(decimals) || 12 < whole.len() {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut fraction = 0;
    for (at, digit) in decimals.bytes().take(6).enumerate() {
        fraction += i64::from(digit - b'0') * 10_i64.pow(5 - at as u32);
    }
    let value = whole.checked_mul(1_000_000)?.checked_add(fraction)?;
    Some(if negative { -value } else { value })
}

/// `micro` of something whose unit is `numerator / denominator` of ours, rounded half away from zero.
pub(crate) fn scaled(micro: i64, numerator: i64, denominator: i64) -> i64 {
    let top = i128::from(micro) * i128::from(numerator);
    let bottom = i128::from(denominator) * 1_000_000;
    let half = if top < 0 { -bottom / 2 } else { bottom / 2 };
    ((top + half) / bottom) as i64
}

pub(crate) fn grams_from_kg(micro: i64) -> i64 {
    scaled(micro, 1000, 1)
}

/// One pound is 453.59237 g exactly.
pub(crate) fn grams_from_lb(micro: i64) -> i64 {
    scaled(micro, 45_359_237, 100_000)
}

pub(crate) fn millimetres_from_km(micro: i64) -> i64 {
    scaled(micro, 1_000_000, 1)
}

/// One mile is 1,609.344 m exactly.
pub(crate) fn millimetres_from_miles(micro: i64) -> i64 {
    scaled(micro, 1_609_344, 1)
}

/// `1h 12m`, `42m`, `1h 5m 3s`, in milliseconds.
pub(crate) fn duration_ms(text: &str) -> Option<i64> {
    let mut total = 0;
    for part in text.split_whitespace() {
        let (digits, unit) = part.split_at_checked(part.len().checked_sub(1)?)?;
        let n: i64 = digits.parse().ok()?;
        total += match unit {
            "h" => n.checked_mul(3_600_000)?,
            "m" => n.checked_mul(60_000)?,
            "s" => n.checked_mul(1_000)?,
            _ => return None,
        };
    }
    (!text.trim().is_empty()).then_some(total)
}

/// `2026-02-03 18:04:11`, or with a 12-hour clock and whatever kind of space stands before AM or PM.
pub(crate) fn local_time(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim().replace(['\u{202f}', '\u{a0}', '\u{2009}'], " ").to_ascii_uppercase();
    ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %H:%M", "%Y-%m-%d %I:%M %p"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(&text, format).ok())
        .filter(|time| time.time() != NaiveTime::MIN || text.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        for (text, want) in [
            ("82.5", Some(82_500_000)),
            ("42,5", Some(42_500_000)),
            ("0", Some(0)),
            ("-3.25", Some(-3_250_000)),
            (".5", Some(500_000)),
            ("1e3", None),
            ("", None),
            ("5 kg", None),
            ("∞", None),
        ] {
            assert_eq!(micro(text), want, "{text}");
        }
        assert_eq!(grams_from_kg(82_500_000), 82_500);
        assert_eq!(grams_from_lb(225_000_000), 102_058);
        assert_eq!(millimetres_from_miles(6_200_000), 9_977_933);
    }

    #[test]
    fn durations_and_dates() {
        assert_eq!(duration_ms("1h 5m 3s"), Some(3_903_000));
        assert_eq!(duration_ms("62h 43m"), Some(225_780_000));
        assert_eq!(duration_ms("an hour"), None);
        let want = local_time("2026-02-03 18:04:11");
        assert!(want.is_some());
        assert_eq!(local_time("2026-02-03 6:04:11\u{202f}PM"), want);
        assert_eq!(local_time("2026-02-03 6:04:11 pm"), want);
        assert_eq!(local_time("03.02.2026"), None);
    }
}
