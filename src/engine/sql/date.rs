//! Functions of dates. Whatever DuckDB answers with a timestamp is refused: there are none here.

use chrono::{Datelike as _, Months, NaiveDate};
use polars::prelude::Series;

use super::{
    error::{Res, SqlErr},
    expr::{date_of, days, days_since},
};
use crate::table::{Ty, Value, dates, ints, repeat, texts, value_at};

/// `None` when there is no such function.
pub(super) fn call(name: &str, args: &[Series], rows: usize) -> Option<Res<Series>> {
    Some(match (name, args) {
        ("date_part" | "datepart", [part, date]) => constant_text(part).and_then(|part| part_of(&part, date)),
        (
            "year" | "month" | "day" | "quarter" | "week" | "weekofyear" | "dayofweek" | "isodow" | "dayofyear" | "dayofmonth"
            | "isoyear",
            [date],
        ) => part_of(name, date),
        ("last_day", [date]) => of_date(name, date, |date| {
            let first = date.with_day(1)?;
            first.checked_add_months(Months::new(1))?.pred_opt()
        }),
        ("date_trunc_to_date", [part, date]) => constant_text(part).and_then(|part| trunc(&part, date)),
        ("make_date", [year, month, day]) => make(year, month, day),
        ("date_diff" | "datediff", [part, from, to]) => constant_text(part).and_then(|part| diff(&part, from, to)),
        ("dayname" | "monthname", [date]) => named(if name == "dayname" { "%A" } else { "%B" }, date, rows),
        ("strftime", [date, format]) => constant_text(format).and_then(|format| {
            let plain = format.split('%').skip(1).all(|rest| rest.starts_with(['Y', 'm', 'd', 'j', 'a', 'A', 'b', 'B', 'y']));
            if !plain {
                return Err(SqlErr::new("strftime knows %Y %m %d %j %y %a %A %b %B"));
            }
            named(&format, date, rows)
        }),
        _ => return None,
    })
}

fn constant_text(part: &Series) -> Res<String> {
    match (part.n_unique(), value_at(part, 0)) {
        // No rows, no text: any part of no date is nothing.
        (Ok(0), _) => Ok("day".to_owned()),
        (Ok(1), Value::Text(text)) => Ok(text),
        _ => Err(SqlErr::new("a constant text is needed")),
    }
}

fn checked(name: &str, date: &Series) -> Res<bool> {
    match Ty::of(date) {
        Ty::Date => Ok(true),
        Ty::Null => Ok(false),
        ty => Err(SqlErr::new(format!("{name} needs a date, not {ty:?}"))),
    }
}

fn of_date(name: &str, date: &Series, change: impl Fn(NaiveDate) -> Option<NaiveDate>) -> Res<Series> {
    if !checked(name, date)? {
        return Ok(date.clone());
    }
    Ok(dates(days(date).map(|day| day.and_then(date_of).and_then(&change).map(days_since))))
}

pub(super) fn part_of(part: &str, date: &Series) -> Res<Series> {
    if !checked(part, date)? {
        return Ok(date.clone());
    }
    let of: fn(NaiveDate) -> i64 = match part {
        "year" => |date| i64::from(date.year()),
        "isoyear" => |date| i64::from(date.iso_week().year()),
        "quarter" => |date| i64::from(date.month0() / 3 + 1),
        "month" => |date| i64::from(date.month()),
        "week" | "weekofyear" => |date| i64::from(date.iso_week().week()),
        "day" | "dayofmonth" => |date| i64::from(date.day()),
        "dayofweek" | "dow" | "weekday" => |date| i64::from(date.weekday().num_days_from_sunday()),
        "isodow" => |date| i64::from(date.weekday().number_from_monday()),
        "dayofyear" | "doy" => |date| i64::from(date.ordinal()),
        other => return Err(SqlErr::new(format!("{other} is no part of a date"))),
    };
    Ok(ints(days(date).map(|day| day.and_then(date_of).map(of))))
}

fn trunc(part: &str, date: &Series) -> Res<Series> {
    let of: fn(NaiveDate) -> Option<NaiveDate> = match part {
        "year" => |date| NaiveDate::from_ymd_opt(date.year(), 1, 1),
        "quarter" => |date| NaiveDate::from_ymd_opt(date.year(), date.month0() / 3 * 3 + 1, 1),
        "month" => |date| date.with_day(1),
        "week" => |date| date.checked_sub_days(chrono::Days::new(u64::from(date.weekday().num_days_from_monday()))),
        "day" => Some,
        other => return Err(SqlErr::new(format!("date_trunc('{other}', …) is not supported"))),
    };
    of_date("date_trunc", date, of)
}

fn make(year: &Series, month: &Series, day: &Series) -> Res<Series> {
    if [year, month, day].iter().any(|part| Ty::of(part) != Ty::Int) {
        return Err(SqlErr::new("make_date needs three whole numbers"));
    }
    let mut out = Vec::with_capacity(year.len());
    let parts = year.i64().expect("Int").into_iter().zip(month.i64().expect("Int")).zip(day.i64().expect("Int"));
    for part in parts {
        let ((Some(year), Some(month)), Some(day)) = part else {
            out.push(None);
            continue;
        };
        let date = i32::try_from(year).ok().zip(u32::try_from(month).ok()).zip(u32::try_from(day).ok());
        let date = date.and_then(|((year, month), day)| NaiveDate::from_ymd_opt(year, month, day));
        out.push(Some(days_since(date.ok_or_else(|| SqlErr::new(format!("there is no day {year}-{month}-{day}")))?)));
    }
    Ok(dates(out.into_iter()))
}

/// How many borders of `part` lie between the two days, as DuckDB counts.
fn diff(part: &str, from: &Series, to: &Series) -> Res<Series> {
    if !checked("date_diff", from)? || !checked("date_diff", to)? {
        return Ok(repeat(&Value::Null, from.len()));
    }
    let months = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
    let monday = |date: NaiveDate| i64::from(days_since(date)) - i64::from(date.weekday().num_days_from_monday());
    let between = |a: NaiveDate, b: NaiveDate| {
        Some(match part {
            "day" => i64::from(days_since(b)) - i64::from(days_since(a)),
            "month" => months(b) - months(a),
            "quarter" => months(b).div_euclid(3) - months(a).div_euclid(3),
            "year" => i64::from(b.year()) - i64::from(a.year()),
            "week" => (monday(b) - monday(a)) / 7,
            _ => return None,
        })
    };
    let known = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a day");
    if between(known, known).is_none() {
        return Err(SqlErr::new(format!("date_diff('{part}', …) is not supported")));
    }
    Ok(ints(days(from).zip(days(to)).map(|(a, b)| between(date_of(a?)?, date_of(b?)?))))
}

fn named(format: &str, date: &Series, rows: usize) -> Res<Series> {
    if !checked("strftime", date)? {
        return Ok(repeat(&Value::Null, rows));
    }
    Ok(texts(days(date).map(|day| day.and_then(date_of).map(|date| date.format(format).to_string()))))
}
