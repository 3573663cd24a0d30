//! Functions of dates. Whatever DuckDB answers with a timestamp is refused: there are none here.

use chrono::{Datelike as _, Months, NaiveDate};
use polars::prelude::Int32Chunked;

use crate::{
    column::{Column, dates, ints, texts},
    error::{Res, SqlErr},
};

/// Days from 0001-01-01 (chrono's day 1) to 1970-01-01.
const EPOCH: i32 = 719_163;

fn date_of(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(days.checked_add(EPOCH)?)
}

fn days_since(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - EPOCH
}

/// The day that a text like `2026-03-01` names.
pub(super) fn day_of(text: &str) -> Option<i32> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(days_since)
}

/// `2026-03-01`, unless no calendar has this day.
pub(crate) fn iso_date(days: i32) -> Option<String> {
    date_of(days).map(|date| date.format("%Y-%m-%d").to_string())
}

/// `None` when there is no such function.
pub(super) fn call(name: &str, args: &[Column], rows: usize) -> Option<Res<Column>> {
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

fn constant_text(part: &Column) -> Res<String> {
    if part.is_empty() {
        // No rows, no text: any part of no date is nothing.
        return Ok("day".to_owned());
    }
    let constant = match part {
        Column::Text(values) => values.get(0).filter(|first| values.iter().all(|text| text == Some(*first))),
        _ => None,
    };
    constant.map(str::to_owned).ok_or_else(|| SqlErr::new("a constant text is needed"))
}

/// The days of a column of dates; `None` for one of nothing but nulls.
fn days<'c>(name: &str, date: &'c Column) -> Res<Option<&'c Int32Chunked>> {
    match date {
        Column::Date(days) => Ok(Some(days)),
        Column::Null(_) => Ok(None),
        other => Err(SqlErr::new(format!("{name} needs a date, not {:?}", other.ty()))),
    }
}

fn of_date(name: &str, date: &Column, change: impl Fn(NaiveDate) -> Option<NaiveDate>) -> Res<Column> {
    let Some(days) = days(name, date)? else { return Ok(date.clone()) };
    Ok(dates(days.iter().map(|day| day.and_then(date_of).and_then(&change).map(days_since))))
}

pub(crate) fn part_of(part: &str, date: &Column) -> Res<Column> {
    let Some(days) = days(part, date)? else { return Ok(date.clone()) };
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
    Ok(ints(days.iter().map(|day| day.and_then(date_of).map(of))))
}

fn trunc(part: &str, date: &Column) -> Res<Column> {
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

fn make(year: &Column, month: &Column, day: &Column) -> Res<Column> {
    let (Column::Int(years), Column::Int(months), Column::Int(days)) = (year, month, day) else {
        return Err(SqlErr::new("make_date needs three whole numbers"));
    };
    let made = |year: i64, month: i64, day: i64| {
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, u32::try_from(month).ok()?, u32::try_from(day).ok()?);
        date.map(days_since)
    };
    let mut out = Vec::with_capacity(years.len());
    for part in years.iter().zip(months.iter()).zip(days.iter()) {
        let ((Some(year), Some(month)), Some(day)) = part else {
            out.push(None);
            continue;
        };
        let day = made(year, month, day).ok_or_else(|| SqlErr::new(format!("there is no day {year}-{month}-{day}")))?;
        out.push(Some(day));
    }
    Ok(dates(out.into_iter()))
}

/// How many borders of `part` lie between the two days, as DuckDB counts.
fn diff(part: &str, from: &Column, to: &Column) -> Res<Column> {
    let Some(starts) = days("date_diff", from)? else { return Ok(Column::Null(from.len())) };
    let Some(ends) = days("date_diff", to)? else { return Ok(Column::Null(from.len())) };
    let between: fn(NaiveDate, NaiveDate) -> i64 = match part {
        "day" => |a, b| i64::from(days_since(b)) - i64::from(days_since(a)),
        "week" => |a, b| (monday(b) - monday(a)) / 7,
        "month" => |a, b| months(b) - months(a),
        "quarter" => |a, b| months(b).div_euclid(3) - months(a).div_euclid(3),
        "year" => |a, b| i64::from(b.year()) - i64::from(a.year()),
        other => return Err(SqlErr::new(format!("date_diff('{other}', …) is not supported"))),
    };
    Ok(ints(starts.iter().zip(ends.iter()).map(|(a, b)| Some(between(date_of(a?)?, date_of(b?)?)))))
}

fn months(date: NaiveDate) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month0())
}

/// The day number of its week's Monday.
fn monday(date: NaiveDate) -> i64 {
    i64::from(days_since(date)) - i64::from(date.weekday().num_days_from_monday())
}

fn named(format: &str, date: &Column, rows: usize) -> Res<Column> {
    let Some(days) = days("strftime", date)? else { return Ok(Column::Null(rows)) };
    Ok(texts(days.iter().map(|day| day.and_then(date_of).map(|date| date.format(format).to_string()))))
}
