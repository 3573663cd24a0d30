//! Figures put into words for people: numbers, units, dates, durations, plurals. The words themselves are in `messages`.
//! Pure, so that it is tested natively.

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _};

use ledger::Unit;

use crate::messages as m;

pub const NARROW: &str = "\u{202f}";

/// A load in the person's unit, with as many decimals as it has, at most two.
pub fn load(grams: i64, lb: bool) -> String {
    // Hundredths of the unit, rounded half up.
    let hundredths = if lb { (i128::from(grams) * 100 * 100_000 + 22_679_618) / 45_359_237 } else { (i128::from(grams) + 5) / 10 };
    trimmed(hundredths as i64)
}

/// Hundredths as a decimal without idle zeros.
fn trimmed(hundredths: i64) -> String {
    let (whole, rest) = (hundredths / 100, hundredths.abs() % 100);
    match rest {
        0 => whole.to_string(),
        rest if rest % 10 == 0 => format!("{whole}.{}", rest / 10),
        rest => format!("{whole}.{rest:02}"),
    }
}

/// Thousandths as a decimal without idle zeros.
pub fn thousandths(n: i64) -> String {
    let text = format!("{}.{:03}", n / 1000, n % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A load that was typed in another unit: what is left of rounding twice is no figure.
pub fn converted(grams: i64, lb: bool) -> String {
    let text = estimate(grams, lb);
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

pub fn with_unit(grams: i64, lb: bool) -> String {
    format!("{}{NARROW}{}", load(grams, lb), unit(lb))
}

/// The unit that figures are typed in.
pub(crate) fn unit_of(lb: bool) -> Unit {
    if lb { Unit::Lb } else { Unit::Kg }
}

pub fn unit(lb: bool) -> &'static str {
    if lb { m::units::LB } else { m::units::KG }
}

/// One decimal: an estimate pretends no more.
pub fn estimate(grams: i64, lb: bool) -> String {
    let tenths = if lb { (i128::from(grams) * 10 * 100_000 + 22_679_618) / 45_359_237 } else { (i128::from(grams) + 50) / 100 };
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A volume: tonnes from ten thousand kilograms, otherwise whole kilograms or pounds.
pub fn volume(grams: i64, lb: bool) -> (String, &'static str) {
    if lb {
        return (thousands((i128::from(grams) * 100_000 / 45_359_237) as i64), m::units::LB);
    }
    if 10_000_000 <= grams {
        let tenths = (grams + 50_000) / 100_000;
        return (format!("{}.{}", thousands(tenths / 10), tenths % 10), m::units::TONNES);
    }
    (thousands((grams + 500) / 1000), m::units::KG)
}

/// Groups of three, parted by a narrow space.
pub fn thousands(n: i64) -> String {
    let digits = n.abs().to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if 0 < at && (digits.len() - at).is_multiple_of(3) {
            out.push_str(NARROW);
        }
        out.push(digit);
    }
    if n < 0 { format!("−{out}") } else { out }
}

/// Sets in tenths: 12.5, 8.
pub fn tenths(tenths: i64) -> String {
    if tenths % 10 == 0 { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

pub fn plural(n: i64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n == 1 { one } else { many })
}

/// Minutes and seconds, or hours from an hour on.
pub fn clock(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    if seconds < 3600 {
        format!("{}:{:02}", seconds / 60, seconds % 60)
    } else {
        format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

pub fn minutes(ms: i64) -> String {
    let minutes = (ms.max(0) + 30_000) / 60_000;
    let rest = format!("{}{NARROW}{}", minutes % 60, m::units::MINUTES);
    if minutes < 60 { rest } else { format!("{}{NARROW}{} {rest}", minutes / 60, m::units::HOURS) }
}

pub fn date_of(day: i64) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(day as i32 + 719_163).unwrap_or_default()
}

pub fn day_of(at_ms: i64, offset_min: i64) -> i64 {
    (at_ms + offset_min * 60_000).div_euclid(86_400_000)
}

pub fn iso(day: i64) -> String {
    date_of(day).format("%Y-%m-%d").to_string()
}

pub fn weekday(date: NaiveDate) -> &'static str {
    m::dates::WEEKDAYS[date.weekday().num_days_from_monday() as usize]
}

pub fn short_weekday(date: NaiveDate) -> &'static str {
    m::dates::SHORT_WEEKDAYS[date.weekday().num_days_from_monday() as usize]
}

fn short_month(date: NaiveDate) -> &'static str {
    m::dates::SHORT_MONTHS[date.month0() as usize]
}

/// Relative within a week, then the date; the year only where it is another one.
pub fn day(day: i64, today: i64) -> String {
    let date = date_of(day);
    match today - day {
        0 => m::dates::TODAY.to_owned(),
        1 => m::dates::YESTERDAY.to_owned(),
        2..=6 => weekday(date).to_owned(),
        _ if date.year() == date_of(today).year() => format!("{} {}", short_weekday(date), short_day(day)),
        _ => format!("{} {}", short_day(day), date.year()),
    }
}

pub fn short_day(day: i64) -> String {
    let date = date_of(day);
    format!("{} {}", date.day(), short_month(date))
}

/// A day inside a sentence: `today`, `yesterday`, otherwise as it stands alone.
pub fn day_within(at: i64, today: i64) -> String {
    match today - at {
        0 => m::dates::TODAY_WITHIN.to_owned(),
        1 => m::dates::YESTERDAY_WITHIN.to_owned(),
        _ => day(at, today),
    }
}

pub fn month_year(day: i64) -> String {
    let date = date_of(day);
    format!("{} {}", short_month(date), date.year())
}

pub fn year(day: i64) -> String {
    date_of(day).year().to_string()
}

/// The day on which a day's year begins.
pub fn first_of_year(day: i64) -> i64 {
    day - i64::from(date_of(day).ordinal0())
}

pub fn month(day: i64) -> String {
    let date = date_of(day);
    format!("{} {}", m::dates::MONTHS[date.month0() as usize], date.year())
}

pub fn time_of_day(at_ms: i64, offset_min: i64) -> String {
    match DateTime::from_timestamp_millis(at_ms + offset_min * 60_000) {
        Some(time) => format!("{:02}:{:02}", time.hour(), time.minute()),
        None => String::new(),
    }
}

/// The moment of a date and a time as their inputs write them, in UTC milliseconds.
pub fn moment(date: &str, time: &str, offset_min: i64) -> Option<i64> {
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i32>().ok());
    let mut time = time.split(':').map(|part| part.parse::<u32>().ok());
    let date = NaiveDate::from_ymd_opt(date.next()??, u32::try_from(date.next()??).ok()?, u32::try_from(date.next()??).ok()?)?;
    let at = date.and_hms_opt(time.next()??, time.next()??, 0)?;
    Some(at.and_utc().timestamp_millis() - offset_min * 60_000)
}

pub fn bytes(n: f64) -> String {
    match n {
        n if n < 1e6 => format!("{:.0}{NARROW}{}", n / 1e3, m::units::KILOBYTES),
        n if n < 1e9 => format!("{:.1}{NARROW}{}", n / 1e6, m::units::MEGABYTES),
        n => format!("{:.1}{NARROW}{}", n / 1e9, m::units::GIGABYTES),
    }
}

/// A number as somebody types it, in thousandths; `,` and `.` both part the decimals.
pub fn typed(text: &str) -> Option<i64> {
    let text = text.trim().replace(',', ".");
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && decimals.is_empty()) || !digits(whole) || !digits(decimals) || 7 < whole.len() {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let padded = format!("{decimals:0<3}");
    Some(whole * 1000 + padded[..3].parse::<i64>().ok()?)
}

/// Seconds, or what stands before them, as somebody types it: `90`, `1:30`, `1:02:03`. In milliseconds.
pub fn time(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches(':');
    let part = |part: &str| part.parse::<u32>().ok().filter(|_| part.bytes().all(|b| b.is_ascii_digit())).map(i64::from);
    if 2 < text.matches(':').count() {
        return None;
    }
    text.split(':').try_fold(0, |sum, of| Some(sum * 60 + part(of)?)).map(|seconds| seconds * 1000)
}

/// Grams from what was typed in a unit.
pub fn grams(text: &str, lb: bool) -> Option<i64> {
    let thousandths = typed(text)?;
    Some(if lb { ((i128::from(thousandths) * 45_359_237 + 50_000_000) / 100_000_000) as i64 } else { thousandths })
}

pub fn one_line(text: &str, max: usize) -> String {
    if text.chars().count() <= max { text.to_owned() } else { format!("{}…", text.chars().take(max - 1).collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn loads_keep_what_was_typed() {
        for text in ["82.5", "100", "0", "2.25", "999.75"] {
            assert_eq!(load(grams(text, false).expect(text), false), text);
            assert_eq!(load(grams(text, true).expect(text), true), text, "lb");
        }
        assert_eq!(grams("82,5", false), Some(82_500));
        for nonsense in ["", ".", "1e5", "-3", "5kg", "12345678"] {
            assert_eq!(typed(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_load_of_another_unit_has_one_decimal() {
        assert_eq!(
            (converted(24_948, false), converted(25_000, false), converted(48_352, false)),
            ("24.9".into(), "25".into(), "48.4".into())
        );
        assert_eq!((converted(100_000, true), load(24_948, false)), ("220.5".into(), "24.95".into()));
    }

    #[test]
    fn a_time_is_typed_in_seconds_or_as_a_clock() {
        for (text, ms) in [("90", 90_000), ("1:30", 90_000), ("10:00", 600_000), ("1:02:03", 3_723_000), ("2:", 2_000), ("0", 0)] {
            assert_eq!(time(text), Some(ms), "{text}");
        }
        for nonsense in ["", ":", "1:2:3:4", "-1:30", "+5", "1.5", "abc"] {
            assert_eq!(time(nonsense), None, "{nonsense}");
        }
        assert_eq!((thousandths(880), thousandths(5_000), thousandths(16_061)), ("0.88".into(), "5".into(), "16.061".into()));
    }

    #[test]
    fn dates_are_relative_within_a_week() {
        let today = 20_778;
        assert_eq!(day(today, today), "Today");
        assert_eq!(day(today - 1, today), "Yesterday");
        assert_eq!(day(today - 6, today), date_of(today - 6).format("%A").to_string());
        assert_eq!(day(today - 30, today), "Thu 22 Oct");
        assert_eq!(day(today - 400, today), "17 Oct 2025");
        assert_eq!((month(today), month_year(today)), ("November 2026".to_owned(), "Nov 2026".to_owned()));
        assert_eq!(iso(0), "1970-01-01");
        assert_eq!(day_of(-1, 0), -1);
    }

    #[test]
    fn what_a_past_workout_shows_as_its_time_is_read_back() {
        for (at_ms, offset) in [(1_795_900_000_000, 60), (1_795_900_000_000, -480), (0, 330), (951_782_400_000, 0)] {
            let to_the_minute = i64::div_euclid(at_ms, 60_000) * 60_000;
            let (date, time) = (iso(day_of(at_ms, offset)), time_of_day(at_ms, offset));
            assert_eq!(moment(&date, &time, offset), Some(to_the_minute), "{date} {time} {offset}");
        }
        for (date, time) in [("", "10:00"), ("2026-02-30", "10:00"), ("2026-02-03", ""), ("2026-02-03", "24:00"), ("x-y-z", "1:1")]
        {
            assert_eq!(moment(date, time, 0), None, "{date} {time}");
        }
    }

    #[test]
    fn figures() {
        assert_eq!(thousands(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(volume(9_400_000, false), ("9\u{202f}400".to_owned(), "kg"));
        assert_eq!(volume(12_340_000, false), ("12.3".to_owned(), "t"));
        assert_eq!(estimate(95_583, false), "95.6");
        assert_eq!(clock(72_000), "1:12");
        assert_eq!(clock(4_332_000), "1:12:12");
        assert_eq!(plural(1, "set", "sets"), "1 set");
        assert_eq!(tenths(125), "12.5");
    }
}
