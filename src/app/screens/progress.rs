//! Progress: tiles, weekly sets and volume per muscle, estimates over time, the year, records. Every figure opens the
//! rows behind it.

use std::collections::BTreeMap;

use bridge::{E1rmPoint, MuscleSets, MuscleWeek, Record, TopExercise, Totals, TrainingDay};
use ledger::sorted;
use leptos::prelude::*;

use crate::{
    charts::{Bar, Bars, Heatmap, Line, Point},
    clock::today,
    hub::use_hub,
    messages as m,
    parts::{BottomSheet, Empty, Figure, Header, Segments, Skeleton, use_settings},
    reactive::memo,
    route::{Route, use_router},
    words,
};

const RANGES: &[(&str, &str)] =
    &[("4w", m::progress::FOUR_WEEKS), ("3m", m::progress::THREE_MONTHS), ("1y", m::progress::YEAR), ("all", m::progress::ALL)];

fn days(range: &str) -> i64 {
    match range {
        "4w" => 28,
        "3m" => 91,
        "1y" => 365,
        // dim_date begins in 2000.
        _ => today() - 10_957,
    }
}

#[component]
pub(crate) fn Progress() -> impl IntoView {
    let (hub, router, settings) = (use_hub(), use_router(), use_settings());
    let range = RwSignal::new("4w".to_owned());
    let now = today();
    let span = memo(move || (now - days(&range.get()) + 1, now));
    let within = move || {
        let (from, to) = span.get();
        vec![("from", words::iso(from).as_str().into()), ("to", words::iso(to).as_str().into())]
    };
    let with_limit = move |n: i64| {
        let mut params = within();
        params.push(("limit", n.into()));
        params
    };
    let totals = hub.watch::<Totals>(within);
    let weeks = hub.watch::<MuscleWeek>(within);
    let top = hub.watch::<TopExercise>(move || with_limit(6));
    let records = hub.watch::<Record>(move || with_limit(12));
    let mode = RwSignal::new("sets".to_owned());
    let why = RwSignal::new(None::<Why>);
    let any = move || totals.with(|rows| rows.as_ref().and_then(|rows| rows.first().map(|row| 0 < row.workouts)));

    let bars = memo(move || {
        // Weeks without training say nothing of a week with it.
        let n_weeks = totals.with(|rows| rows.as_ref().and_then(|rows| rows.first().map(|row| row.weeks))).unwrap_or(1).max(1);
        weeks.with(|rows| muscle_bars(rows.as_deref().unwrap_or_default(), n_weeks, mode.get() == "volume", settings.lb()))
    });
    view! {
        <Header title=Signal::derive(|| m::progress::TITLE.to_owned())/>
        <Segments label=m::progress::RANGE options=RANGES value=range on_pick=Callback::new(move |id| range.set(id))/>
        <Show when=move || totals.with(Option::is_none)><Skeleton lines=6/></Show>
        <Show when=move || any() == Some(false)>
            <Empty text=m::progress::EMPTY>
                <button class="plain" on:click=move |_| router.go(Route::Import)>{m::BRING_HISTORY}</button>
            </Empty>
        </Show>
        {move || totals.with(|rows| rows.as_ref().and_then(|rows| rows.first().cloned())).filter(|row| 0 < row.workouts).map(|row| {
            let (volume, unit) = words::volume(row.volume_g, settings.lb());
            view! {
                <dl class="tiles">
                    <div><dt>{m::WORKOUTS}</dt><dd data-test="total-workouts">{words::thousands(row.workouts)}</dd></div>
                    <div><dt>{m::SETS}</dt><dd data-test="total-sets">{words::thousands(row.sets)}</dd></div>
                    <div><dt>{m::VOLUME}</dt><dd data-test="total-volume"><Figure value=volume unit=unit/></dd></div>
                    <div><dt>{m::RECORDS}</dt><dd data-test="total-records">{words::thousands(row.records)}</dd></div>
                </dl>
                {(0 < row.sets_lacking_body_weight).then(|| view! {
                    <p class="quiet small" data-test="lacks-body-weight">{m::lacks_body_weight(row.sets_lacking_body_weight)}</p>
                })}
            }
        })}
        <Show when=move || !bars.with(Vec::is_empty)>
            <section class="card" aria-labelledby="per-muscle">
                <div class="card-head">
                    <h2 id="per-muscle">{m::progress::PER_MUSCLE}</h2>
                    <Segments label=m::progress::MEASURE options=&[("sets", m::SETS), ("volume", m::VOLUME)] value=mode on_pick=Callback::new(move |id| mode.set(id))/>
                </div>
                {move || {
                    let band = (mode.get() == "sets").then_some((100, 200));
                    view! {
                        <Bars bars=bars.get() band title=m::progress::PER_MUSCLE.to_owned() on_pick=Callback::new(move |muscle| why.set(Some(Why::Muscle(muscle))))/>
                        {band.map(|_| view! { <p class="quiet small">{m::progress::BAND}</p> })}
                    }
                }}
            </section>
        </Show>
        {move || top.get().unwrap_or_default().into_iter().map(|exercise| view! { <Estimate exercise span why/> }).collect_view()}
        <Years range/>
        <Records records/>
        {move || why.get().map(|reason| view! { <Because reason span why/> })}
    }
}

/// A week's sets or volume of each part of the body, in their order.
fn muscle_bars(rows: &[MuscleWeek], n_weeks: i64, by_volume: bool, lb: bool) -> Vec<Bar> {
    let mut bars: Vec<(i64, Bar)> = Vec::new();
    for row in rows {
        let value = if by_volume { row.volume_g } else { row.sets_tenths };
        match bars.iter_mut().find(|(_, bar)| bar.id == row.muscle) {
            Some((_, bar)) => bar.tenths += value,
            None => bars.push((
                row.sort_order,
                Bar { id: row.muscle.clone(), name: row.name.clone(), tenths: value, label: String::new(), plate: 0 },
            )),
        }
    }
    let labelled = |(order, mut bar): (i64, Bar)| {
        bar.tenths /= n_weeks;
        bar.label = if by_volume {
            let (value, unit) = words::volume(bar.tenths, lb);
            format!("{value}{}{unit}", words::NARROW)
        } else {
            words::tenths(bar.tenths)
        };
        bar.plate = plate(order);
        bar
    };
    sorted(bars, |(a, _), (b, _)| a.cmp(b)).into_iter().map(labelled).filter(|bar| 0 < bar.tenths).collect()
}

#[component]
fn Records(records: ReadSignal<Option<Vec<Record>>>) -> impl IntoView {
    let (router, settings) = (use_router(), use_settings());
    view! {
        <Show when=move || records.with(|rows| rows.as_ref().is_some_and(|rows| !rows.is_empty()))>
            <section class="card" aria-labelledby="records">
                <h2 id="records">{m::RECORDS}</h2>
                <ul class="list flat">
                    {move || records.get().unwrap_or_default().into_iter().map(|row| {
                        let lb = settings.lb();
                        let id = row.workout_id.clone();
                        let (value, gain) = match row.record.as_str() {
                            "e1rm" => (words::estimate(row.value_g, lb), words::estimate(row.value_g - row.before_g, lb)),
                            _ => (words::load(row.value_g, lb), words::load(row.value_g - row.before_g, lb)),
                        };
                        view! {
                            <li><button class="row" on:click=move |_| router.go(Route::Workout(id.clone()))>
                                <span class="row-main">
                                    <strong>{row.name.clone().unwrap_or(row.exercise_id)}</strong>
                                    <span class="quiet">{format!("{} · {}", if row.record == "e1rm" { m::progress::ESTIMATE } else { m::LOAD }, words::day(row.workout_date, today()))}</span>
                                </span>
                                <span class="row-end"><Figure value=value unit=words::unit(lb)/><span class="up">{format!("+{gain}")}</span></span>
                            </button></li>
                        }
                    }).collect_view()}
                </ul>
            </section>
        </Show>
    }
}

/// One colour a part of the body: push, pull, middle, legs, heart. It is the same colour everywhere, so it is learnt once.
fn plate(order: i64) -> usize {
    match order {
        1..=5 => 0,
        6..=10 => 1,
        11..=13 => 2,
        14..=19 => 3,
        _ => 4,
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Why {
    Muscle(String),
    Estimate { name: String, point: E1rmPoint },
}

#[component]
fn Estimate(exercise: TopExercise, span: Memo<(i64, i64)>, why: RwSignal<Option<Why>>) -> impl IntoView {
    let (hub, settings) = (use_hub(), use_settings());
    let id = StoredValue::new(exercise.exercise_id.clone());
    let name = exercise.name.clone().unwrap_or(exercise.exercise_id);
    let series = hub.watch::<E1rmPoint>(move || {
        let (from, to) = span.get();
        vec![
            ("exercise", id.get_value().as_str().into()),
            ("from", words::iso(from).as_str().into()),
            ("to", words::iso(to).as_str().into()),
        ]
    });
    let heading = name.clone();
    view! {
        <section class="card" data-test="estimate">
            <h2>{heading}</h2>
            {move || {
                let lb = settings.lb();
                let rows: Vec<E1rmPoint> = series.get().unwrap_or_default().into_iter().filter(|row| row.best_e1rm_g.is_some()).collect();
                let points: Vec<Point> = rows.iter().filter_map(|row| Some(Point { day: row.workout_date, value: row.best_e1rm_g?, label: words::estimate(row.best_e1rm_g?, lb) })).collect();
                let best = points.iter().map(|point| point.value).max();
                let name = name.clone();
                let title = m::progress::estimate_of(&name);
                view! {
                    <p class="quiet">{best.map(|best| m::progress::best(&format!("{}{}{}", words::estimate(best, lb), words::NARROW, words::unit(lb))))}</p>
                    <Line points title unit=words::unit(lb).to_owned() day_name=if span.with(|(from, to)| 366 < to - from) { words::month_year } else { words::short_day }
                        on_pick=Callback::new(move |at: usize| why.set(rows.get(at).map(|point| Why::Estimate { name: name.clone(), point: point.clone() })))/>
                }
            }}
        </section>
    }
}

/// The Monday of a day's week. 1970-01-01 was a Thursday: day 4 is the first Monday.
fn monday_of(day: i64) -> i64 {
    day - (day + 3).rem_euclid(7)
}

/// The last 53 weeks; of all time each year by itself, the newest first.
fn spans_of_years(all: bool, first: Option<i64>, now: i64) -> Vec<(Option<String>, i64, i64)> {
    let Some(first) = first.filter(|_| all) else { return vec![(None, monday_of(now) - 52 * 7, now)] };
    let (mut end, mut years) = (now, Vec::new());
    while first <= end {
        let begin = words::first_of_year(end);
        years.push((Some(words::year(end)), begin, end));
        end = begin - 1;
    }
    years
}

/// Days with training as grids of weeks.
#[component]
fn Years(range: RwSignal<String>) -> impl IntoView {
    let (hub, settings) = (use_hub(), use_settings());
    let now = today();
    let all = memo(move || range.get() == "all");
    let days = hub.watch::<TrainingDay>(move || {
        let from = if all.get() { now - days("all") + 1 } else { monday_of(now) - 52 * 7 };
        vec![("from", words::iso(from).as_str().into()), ("to", words::iso(now).as_str().into())]
    });
    let month_name = |week_monday: i64| {
        let (this, before) = (words::month(week_monday), words::month(week_monday - 7));
        (this != before).then(|| this.chars().take(3).collect::<String>())
    };
    view! {
        <Show when=move || days.with(|rows| rows.as_ref().is_some_and(|rows| !rows.is_empty()))>
            <section class="card" aria-labelledby="year">
                <h2 id="year">{move || if all.get() { m::progress::THE_YEARS } else { m::progress::THE_YEAR }}</h2>
                {move || {
                    let lb = settings.lb();
                    let rows: BTreeMap<i64, TrainingDay> = days.get().unwrap_or_default().into_iter().map(|row| (row.workout_date, row)).collect();
                    let most = rows.values().map(|row| row.sets).max().unwrap_or(1).max(1);
                    let first = rows.keys().next().copied();
                    spans_of_years(all.get(), first, now).into_iter().map(|(year, begin, end)| {
                        let cells = (begin..=end).map(|day| match rows.get(&day) {
                            Some(row) => {
                                let (volume, unit) = words::volume(row.volume_g, lb);
                                (day, (1 + 3 * row.sets / most) as u8, format!("{}: {}, {volume} {unit}", words::iso(day), m::sets(row.sets)))
                            }
                            None => (day, 0, words::iso(day)),
                        }).collect();
                        let title = year.as_ref().map_or_else(|| m::progress::TRAINING_DAYS.to_owned(), |year| format!("{}, {year}", m::progress::TRAINING_DAYS));
                        let first_monday = monday_of(begin);
                        view! {
                            {year.map(|year| view! { <h3 class="quiet" data-test="year">{year}</h3> })}
                            <Heatmap days=cells first_monday weeks={(monday_of(end) - first_monday) / 7 + 1} month_name title/>
                        }
                    }).collect_view()
                }}
            </section>
        </Show>
    }
}

/// The rows behind a figure: formula, what counted, what was left out.
#[component]
fn Because(reason: Why, span: Memo<(i64, i64)>, why: RwSignal<Option<Why>>) -> impl IntoView {
    let (hub, settings, router) = (use_hub(), use_settings(), use_router());
    let close = Callback::new(move |()| why.set(None));
    let lb = settings.lb();
    match reason {
        Why::Muscle(muscle) => {
            let rows = hub.watch::<MuscleSets>(move || {
                let (from, to) = span.get();
                vec![
                    ("muscle", muscle.as_str().into()),
                    ("from", words::iso(from).as_str().into()),
                    ("to", words::iso(to).as_str().into()),
                ]
            });
            view! {
                <BottomSheet label=m::progress::WHY on_close=close>
                    <h2>{m::progress::WHY}</h2>
                    <p class="quiet">{m::progress::WHY_MUSCLE}</p>
                    <ul class="list tall">
                        <For each=move || rows.get().unwrap_or_default() key=|row| (row.workout_id.clone(), row.name.clone()) let:row>
                            <li><div class="row">
                                <span class="row-main"><strong>{row.name.clone()}</strong><span class="quiet">{words::day(row.workout_date, today())}</span></span>
                                <span class="tabular">{format!("{} × {}", row.sets, words::tenths(row.weight_tenths))}</span>
                            </div></li>
                        </For>
                    </ul>
                </BottomSheet>
            }.into_any()
        }
        Why::Estimate { name, point } => {
            let id = point.workout_id.clone();
            view! {
                <BottomSheet label=m::progress::WHY on_close=close>
                    <h2>{name}</h2>
                    <p class="big"><Figure value=words::estimate(point.best_e1rm_g.unwrap_or(0), lb) unit=words::unit(lb)/></p>
                    <p class="quiet">{m::progress::best_on(&words::day_within(point.workout_date, today()))}</p>
                    <p class="quiet">{m::progress::WHY_ESTIMATE}</p>
                    <button class="primary wide" on:click=move |_| {
                        why.set(None);
                        router.go(Route::Workout(id.clone()));
                    }>{m::progress::SEE_WORKOUT}</button>
                </BottomSheet>
            }
            .into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn all_time_is_each_year_by_itself() {
        // From 30 Dec 2024 to 28 Nov 2026.
        let names = spans_of_years(true, Some(20_087), 20_785);
        let year = |name: &str| Some(name.to_owned());
        assert_eq!(names, [(year("2026"), 20_454, 20_785), (year("2025"), 20_089, 20_453), (year("2024"), 19_723, 20_088)]);
        assert_eq!(spans_of_years(false, Some(20_087), 20_785), [(None, 20_780 - 364, 20_785)]);
        assert_eq!(spans_of_years(true, None, 20_785).len(), 1);
    }
}
