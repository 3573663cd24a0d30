//! When a workout began, as apps, phones and spreadsheets write it. How a file's dates are to be read is one decision for
//! the whole file: `03/09` alone says nothing.

use bridge::{Form, ImportQuestion, Suggestion, Topic};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime};

use crate::words::{MONTHS, month, plain};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    YearFirst,
    DayFirst,
    MonthFirst,
    /// Days since the end of 1899, as spreadsheets count.
    Serial,
    /// The month is a word of this language.
    Named(usize),
}

impl Reading {
    fn all() -> impl Iterator<Item = Self> {
        [Self::YearFirst, Self::DayFirst, Self::MonthFirst, Self::Serial].into_iter().chain((0..MONTHS.len()).map(Self::Named))
    }

    pub(crate) fn id(self) -> String {
        match self {
            Self::YearFirst => "year".to_owned(),
            Self::DayFirst => "day".to_owned(),
            Self::MonthFirst => "month".to_owned(),
            Self::Serial => "serial".to_owned(),
            Self::Named(language) => format!("named{language}"),
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::YearFirst => "Year first",
            Self::DayFirst => "Day first",
            Self::MonthFirst => "Month first",
            Self::Serial => "A spreadsheet's numbers",
            Self::Named(_) => "By name",
        }
    }
}

/// How the dates of a file are read.
#[derive(Debug)]
pub(crate) struct Dates {
    pub reading: Reading,
    /// Readings that somebody may choose, with what they make of the file.
    pub options: Vec<(Reading, String)>,
    /// The file itself says it.
    pub certain: bool,
}

impl Dates {
    /// Shown wherever a date could be read in another way, also where the file itself says how.
    pub(crate) fn question(&self) -> Option<ImportQuestion> {
        (1 < self.options.len()).then(|| ImportQuestion {
            id: "dates".to_owned(),
            topic: Topic::Dates,
            form: Form::Few,
            ask: "How the dates are written".to_owned(),
            hint: String::new(),
            options: self.options.iter().map(|(reading, name)| Suggestion { id: reading.id(), name: name.clone() }).collect(),
            answer: if self.certain { self.reading.id() } else { String::new() },
            must: true,
        })
    }
}

/// `texts`: a date of each row, in the order of the file.
pub(crate) fn decide(texts: &[&str], now_ms: i64, answer: Option<&str>) -> Dates {
    let mut distinct: Vec<&str> = Vec::new();
    for text in texts {
        if !text.is_empty() && distinct.last() != Some(text) {
            distinct.push(text);
        }
    }
    let read = |reading: Reading| -> Vec<Option<NaiveDateTime>> {
        let possible = |time: &NaiveDateTime| is_possible(*time, now_ms);
        distinct.iter().map(|text| local_time(text, reading).filter(possible)).collect()
    };
    let mut readings: Vec<(Reading, Vec<Option<NaiveDateTime>>)> = Vec::new();
    for reading in Reading::all() {
        let times = read(reading);
        // Two languages may read every date alike.
        if times.iter().any(Option::is_some) && readings.iter().all(|(_, other)| *other != times) {
            readings.push((reading, times));
        }
    }
    let understood = |times: &[Option<NaiveDateTime>]| times.iter().flatten().count();
    let best = readings.iter().map(|(_, times)| understood(times)).max().unwrap_or(0);
    let mut first: Vec<&(Reading, Vec<Option<NaiveDateTime>>)> =
        readings.iter().filter(|(_, times)| understood(times) == best).collect();
    let certain = first.len() <= 1;
    // Files go forwards or backwards in time: a proposal, no more.
    first.sort_by_key(|(_, times)| !is_in_order(times));
    let proposed = first.first().map_or(Reading::YearFirst, |(reading, _)| *reading);
    let numeric = |reading: Reading| matches!(reading, Reading::DayFirst | Reading::MonthFirst);
    let options = readings
        .iter()
        .filter(|(reading, times)| understood(times) == best || (numeric(*reading) && numeric(proposed)))
        .map(|(reading, times)| (*reading, format!("{}: {}", reading.label(), sample(times))))
        .collect();
    let answered = answer.and_then(|answer| readings.iter().map(|(reading, _)| *reading).find(|reading| reading.id() == answer));
    Dates { reading: answered.unwrap_or(proposed), options, certain: certain || answered.is_some() }
}

const YEAR_2000_MS: i64 = 946_684_800_000;
const DAY_MS: i64 = 86_400_000;

/// Neither before 2000 nor in the future, whatever the time zone.
fn is_possible(time: NaiveDateTime, now_ms: i64) -> bool {
    (YEAR_2000_MS..=now_ms.saturating_add(2 * DAY_MS)).contains(&time.and_utc().timestamp_millis())
}

fn is_in_order(times: &[Option<NaiveDateTime>]) -> bool {
    let times: Vec<_> = times.iter().flatten().collect();
    times.is_sorted() || times.iter().rev().is_sorted()
}

fn sample(times: &[Option<NaiveDateTime>]) -> String {
    let mut days: Vec<NaiveDate> = times.iter().flatten().map(NaiveDateTime::date).collect();
    days.dedup();
    let last = days.last().copied();
    days.truncate(2);
    days.extend(last.filter(|last| !days.contains(last)));
    let mut text: Vec<String> = days.iter().map(|day| day_text(*day)).collect();
    let odd = times.iter().filter(|time| time.is_none()).count();
    if 0 < odd {
        text.push(format!("{odd} not understood"));
    }
    text.join(", ")
}

/// `3 Sep 2021`.
fn day_text(day: NaiveDate) -> String {
    const SHORT: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    format!("{} {} {}", day.day(), SHORT[day.month0() as usize], day.year())
}

/// The day of a clock on the wall, for words.
pub(crate) fn day_of(wall_ms: i64) -> String {
    DateTime::from_timestamp_millis(wall_ms).map(|time| day_text(time.date_naive())).unwrap_or_default()
}

/// Words beside a date that say nothing about it.
const IDLE: [&str; 34] = [
    "t", "um", "uhr", "klo", "kl", "a", "at", "as", "h", "de", "del", "of", "le", "il", "den", "г", "р", "в", "om", "ore", "la",
    "o", "thg", "thang", "年", "月", "日", "时", "時", "分", "秒", "년", "월", "일",
];

struct Parts {
    /// Digits as they are written.
    numbers: Vec<String>,
    words: Vec<String>,
}

fn parts(text: &str) -> Option<Parts> {
    let mut parts = Parts { numbers: Vec::new(), words: Vec::new() };
    // 0: nothing, 1: in a number, 2: in a word.
    let mut within = 0;
    for c in plain(text).chars() {
        let kind = match c {
            '0'..='9' => 1,
            c if c.is_alphabetic() => 2,
            '+' => return None,
            _ => 0,
        };
        let list = if kind == 1 { &mut parts.numbers } else { &mut parts.words };
        match (kind, kind == within) {
            (0, _) => {}
            (_, true) => list.last_mut()?.push(c),
            (_, false) => list.push(c.to_string()),
        }
        within = kind;
    }
    Some(parts)
}

/// Whether it is the second half of the day, where the words say so; what is left of them.
fn half(words: &[String]) -> (Option<bool>, Vec<&str>) {
    let mut half = None;
    let mut rest = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let (word, next) = (words[at].as_str(), words.get(at + 1).map(String::as_str));
        match (word, next) {
            ("am" | "午前" | "上午" | "오전" | "πμ" | "oo", _) => half = Some(false),
            ("pm" | "午後" | "下午" | "오후" | "μμ" | "os", _) => half = Some(true),
            ("a" | "p", Some("m")) => {
                half = Some(word == "p");
                at += 1;
            }
            _ => rest.push(word),
        }
        at += 1;
    }
    (half, rest)
}

pub(crate) fn local_time(text: &str, reading: Reading) -> Option<NaiveDateTime> {
    if reading == Reading::Serial {
        return serial(text);
    }
    let Parts { numbers, words } = parts(text)?;
    let (afternoon, words) = half(&words);
    let number = |at: usize| numbers.get(at).filter(|digits| digits.len() <= 4).and_then(|digits| digits.parse::<u32>().ok());
    let year = |at: usize| match numbers.get(at).map(String::len) {
        Some(4) => number(at),
        Some(2) => number(at).map(|year| 2000 + year),
        _ => None,
    };
    let long = |at: usize| numbers.get(at).is_some_and(|digits| digits.len() == 4);
    let idle = |words: &[&str]| words.iter().all(|word| IDLE.contains(word));
    let (day, rest) = match reading {
        Reading::YearFirst if long(0) && idle(&words) => (NaiveDate::from_ymd_opt(year(0)? as i32, number(1)?, number(2)?)?, 3),
        Reading::DayFirst if !long(0) && idle(&words) => (NaiveDate::from_ymd_opt(year(2)? as i32, number(1)?, number(0)?)?, 3),
        Reading::MonthFirst if !long(0) && idle(&words) => (NaiveDate::from_ymd_opt(year(2)? as i32, number(0)?, number(1)?)?, 3),
        Reading::Named(language) => {
            // The last one: a weekday's short name may look like a month's.
            let month = words.iter().rev().find_map(|word| month(word, language))?;
            let (day, year) = if long(0) { (number(1)?, year(0)?) } else { (number(0)?, year(1)?) };
            (NaiveDate::from_ymd_opt(year as i32, month, day)?, 2)
        }
        _ => return None,
    };
    if numbers.len() == rest {
        // Only a day: noon is in it in every time zone.
        return day.and_hms_opt(12, 0, 0);
    }
    if numbers.len() < rest + 2 || rest + 4 < numbers.len() {
        return None;
    }
    let hour = match (number(rest)?, afternoon) {
        (12, Some(false)) => 0,
        (hour @ 0..12, Some(true)) => hour + 12,
        (hour, _) => hour,
    };
    let second = if numbers.len() == rest + 2 { 0 } else { number(rest + 2)? };
    Some(day.and_time(NaiveTime::from_hms_opt(hour, number(rest + 1)?, second)?))
}

fn serial(text: &str) -> Option<NaiveDateTime> {
    let micro = crate::number::micro(text)?;
    let days = u64::try_from(micro / 1_000_000).ok().filter(|days| (36_526..73_051).contains(days))?;
    let second = (micro % 1_000_000 * 86_400 + 500_000) / 1_000_000;
    let day = NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(days))?;
    day.and_hms_opt(0, 0, 0)?.checked_add_signed(chrono::TimeDelta::seconds(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_780_000_000_000;

    #[test]
    fn the_same_moment_is_read_from_every_way_of_writing_it() {
        let want = NaiveDate::from_ymd_opt(2026, 2, 3).and_then(|day| day.and_hms_opt(18, 4, 0));
        for text in [
            "2026-02-03 18:04:00",
            "2026-02-03T18:04:00",
            "2026-02-03 6:04:00\u{202f}PM",
            "2026-02-03 06:04 p. m.",
            "2026/02/03 18:04",
            "2026年2月3日 18:04",
            "2026. 2. 3. 오후 6:04:00",
            "3 Feb 2026, 18:04",
            "Feb 3, 2026, 6:04 PM",
            "3 févr. 2026, 18:04",
            "3 de febrero de 2026, 18:04",
            "3. helmik. 2026 klo 18.04",
            "3 Şub 2026 18:04",
            "3 февр. 2026 г., 18:04",
            "46056.752777778",
        ] {
            assert_eq!(local_time(text, decide(&[text], NOW, None).reading), want, "{text}");
        }
        assert_eq!(local_time("03.02.2026 18:04", Reading::DayFirst), want);
        assert_eq!(local_time("2/3/26 18:04", Reading::MonthFirst), want);
        for text in ["yesterday", "2026-13-45 18:04:11", "2026-02-03 18:04:11 +0000", "", "18:04"] {
            assert!(Reading::all().all(|reading| local_time(text, reading).is_none()), "{text}");
        }
    }

    #[test]
    fn one_decision_for_the_whole_file() {
        let dates = decide(&["03/09/2021 10:41", "13/09/2021 10:41", "01/10/2021 18:05"], NOW, None);
        assert_eq!((dates.reading, dates.certain), (Reading::DayFirst, true));
        assert_eq!(dates.options[0].1, "Day first: 3 Sep 2021, 13 Sep 2021, 1 Oct 2021");
        assert_eq!(dates.options.len(), 2, "{:?}", dates.options);
        let open = decide(&["03/09/2021 10:41", "04/09/2021 10:41"], NOW, None);
        assert!(!open.certain, "either is possible");
        let said = decide(&["03/09/2021 10:41", "04/09/2021 10:41"], NOW, Some("month"));
        assert_eq!((said.reading, said.certain), (Reading::MonthFirst, true));
        let plain = decide(&["2026-02-03 18:04:11"], NOW, None);
        assert_eq!((plain.reading, plain.certain, plain.options.len()), (Reading::YearFirst, true, 1));
    }
}
