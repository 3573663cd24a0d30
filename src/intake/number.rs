//! Numbers and times as other apps write them, without ever passing through a float.

use crate::words::{Length, plain, time_unit_ms};

/// A decimal in millionths, rounded; `,` and `.` both part the decimals, and what stands before the last of both kinds
/// parts thousands. `None` for what is no number.
pub(crate) fn micro(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, decimals) = digits.rsplit_once(['.', ',']).unwrap_or((digits, ""));
    let whole = thousands(whole, digits)?;
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && decimals.is_empty()) || !all_digits(&whole) || !all_digits(decimals) || 12 < whole.len() {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut fraction = 0;
    for (at, digit) in decimals.bytes().take(6).enumerate() {
        fraction += i64::from(digit - b'0') * 10_i64.pow(5 - at as u32);
    }
    // 149.99999999999997 is what becomes of 150 lb on its way through kilograms.
    fraction += i64::from(decimals.as_bytes().get(6).is_some_and(|digit| b'5' <= *digit));
    let value = whole.checked_mul(1_000_000)?.checked_add(fraction)?;
    Some(if negative { -value } else { value })
}

/// `1,234` of `1,234.5`, without what parts the thousands.
fn thousands(whole: &str, digits: &str) -> Option<String> {
    let parts = |c: char| matches!(c, '.' | ',' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}');
    if !whole.contains(parts) {
        return Some(whole.to_owned());
    }
    let decimal = digits.as_bytes().get(whole.len()).copied();
    let mut groups = whole.split(parts);
    let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()));
    let others = groups.all(|group| group.len() == 3);
    (first && others && !whole.bytes().any(|b| Some(b) == decimal)).then(|| whole.replace(parts, ""))
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

pub(crate) fn millimetres(micro: i64, length: Length) -> i64 {
    match length {
        Length::Km => scaled(micro, 1_000_000, 1),
        // One mile is 1,609.344 m exactly, one foot 304.8 mm.
        Length::Mile => scaled(micro, 1_609_344, 1),
        Length::Metre => scaled(micro, 1_000, 1),
        Length::Yard => scaled(micro, 9_144, 10),
        Length::Foot => scaled(micro, 3_048, 10),
    }
}

/// How long a workout took, in milliseconds: `1h 12m`, `85 min`, `1h14`, `1:05:00`, `1 Std. 5 Min.`, or a number alone
/// in what the header says.
pub(crate) fn duration_ms(text: &str, alone_ms: Option<i64>) -> Option<i64> {
    let text = plain(text);
    if let Some(number) = micro(&text) {
        return (0 <= number).then_some(scaled(number, alone_ms?, 1));
    }
    if text.contains(':') {
        return clock_ms(&text);
    }
    let mut total: i64 = 0;
    let mut last = None;
    let mut rest = text.as_str();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | '&'));
        if rest.is_empty() {
            break;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',')).unwrap_or(rest.len());
        let number = micro(rest[..end].trim_end_matches(['.', ','])).filter(|_| 0 < end)?;
        rest = rest[end..].trim_start();
        let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let unit = match (&rest[..end], last) {
            // `1h14`.
            ("", Some(3_600_000)) => 60_000,
            ("", Some(60_000)) => 1_000,
            (word, _) => time_unit_ms(word)?,
        };
        rest = rest[end..].trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | '&'));
        for and in ["und ", "and ", "et ", "y ", "e "] {
            rest = rest.strip_prefix(and).unwrap_or(rest);
        }
        total = total.checked_add(scaled(number, unit, 1))?;
        last = Some(unit);
    }
    last.map(|_| total)
}

/// `1:05:00`; with one colon hours and minutes, unless that were a day and more than anybody trains.
fn clock_ms(text: &str) -> Option<i64> {
    let parts: Option<Vec<i64>> = text.split(':').map(|part| micro(part).filter(|n| 0 <= *n)).collect();
    match parts?.as_slice() {
        [hours, minutes, seconds] => Some(scaled(*hours, 3_600_000, 1) + scaled(*minutes, 60_000, 1) + scaled(*seconds, 1_000, 1)),
        [minutes, seconds] if 6_000_000 <= *minutes => Some(scaled(*minutes, 60_000, 1) + scaled(*seconds, 1_000, 1)),
        [hours, minutes] => Some(scaled(*hours, 3_600_000, 1) + scaled(*minutes, 60_000, 1)),
        _ => None,
    }
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
            ("149.99999999999997", Some(150_000_000)),
            ("1,234.5", Some(1_234_500_000)),
            ("1.234,5", Some(1_234_500_000)),
            ("1 234,5", Some(1_234_500_000)),
            ("1.2.3", None),
            ("12,34,5", None),
        ] {
            assert_eq!(micro(text), want, "{text}");
        }
        assert_eq!(grams_from_kg(82_500_000), 82_500);
        assert_eq!(grams_from_lb(225_000_000), 102_058);
        assert_eq!(millimetres(6_200_000, Length::Mile), 9_977_933);
    }

    #[test]
    fn durations_are_read_as_every_phone_writes_them() {
        for (text, minutes) in [
            ("1h 5m 3s", 65),
            ("62h 43m", 3763),
            ("1h 14min", 74),
            ("85 min", 85),
            ("57m", 57),
            ("57min", 57),
            ("1h14", 74),
            ("1:05:00", 65),
            ("1:05", 65),
            ("57:30", 57),
            ("1 Std. 5 Min.", 65),
            ("1 hr, 5 min", 65),
            ("1 h 5 min", 65),
            ("2 uur", 120),
            ("1 ч 5 мин", 65),
            ("1時間5分", 65),
            ("1.5 h", 90),
        ] {
            assert_eq!(duration_ms(text, None).map(|ms| ms / 60_000), Some(minutes), "{text}");
        }
        assert_eq!(duration_ms("32s", None), Some(32_000));
        assert_eq!(duration_ms("4260", Some(1_000)), Some(4_260_000));
        for text in ["4260", "an hour", "", "h", "5 apples", "-5m", "1:2:3:4"] {
            assert_eq!(duration_ms(text, None), None, "{text}");
        }
    }
}
