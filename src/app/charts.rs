//! Charts as SVG: direct labels, few lines, bars from zero, the last value printed, a table for screen readers.

use leptos::prelude::*;

use crate::messages as m;

/// A point of a line: days since 1970, the value, and its words.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    pub day: i64,
    pub value: i64,
    pub label: String,
}

/// After so many days without a value a line ends, and begins anew with the next one: nobody knows what lay between.
const GAP_DAYS: i64 = 91;

/// For each point whether the line goes on to it from the one before.
fn goes_on(days: &[i64]) -> Vec<bool> {
    (0..days.len()).map(|at| 0 < at && days[at] - days[at - 1] < GAP_DAYS).collect()
}

/// A value over time. Time is to scale, and where there was no training for long there is no line.
#[component]
pub fn Line(
    points: Vec<Point>,
    title: String,
    unit: String,
    day_name: fn(i64) -> String,
    on_pick: Callback<usize>,
) -> impl IntoView {
    const W: f64 = 340.0;
    const H: f64 = 132.0;
    let n = points.len();
    let (first, last) = (points.first().map_or(0, |p| p.day), points.last().map_or(1, |p| p.day));
    let (low, high) = (points.iter().map(|p| p.value).min().unwrap_or(0), points.iter().map(|p| p.value).max().unwrap_or(1));
    let pad = ((high - low) / 6).max(1);
    let (low, high) = (low - pad, high + pad);
    let x = move |day: i64| 8.0 + (W - 16.0) * (day - first) as f64 / ((last - first).max(1)) as f64;
    let y = move |value: i64| 14.0 + (H - 34.0) * (1.0 - (value - low) as f64 / ((high - low).max(1)) as f64);
    let goes_on = goes_on(&points.iter().map(|p| p.day).collect::<Vec<_>>());
    let path: String = points
        .iter()
        .zip(goes_on)
        .map(|(p, goes_on)| format!("{}{:.1} {:.1}", if goes_on { "L" } else { "M" }, x(p.day), y(p.value)))
        .collect();
    let end = points.last().cloned();
    let rows = points.clone();
    let heading = title.clone();
    // One point is no line: the figure and its day say all there is.
    if let [only] = points.as_slice() {
        return view! {
            <button class="one-point" on:click=move |_| on_pick.run(0)>
                <span class="big">{only.label.clone()}<span class="unit">{format!(" {unit}")}</span></span>
                <span class="quiet">{m::charts::one_point(&day_name(only.day))}</span>
            </button>
        }
        .into_any();
    }
    if points.is_empty() {
        return ().into_any();
    }
    view! {
        <figure class="chart">
            <svg viewBox=format!("0 0 {W} {H}") role="img" aria-label=m::charts::points(&title, n)>
                <line class="axis" x1="8" x2={W - 8.0} y1={H - 18.0} y2={H - 18.0}></line>
                <path class="stroke" d=path></path>
                {points.iter().enumerate().map(|(at, p)| {
                    let last = at + 1 == n;
                    view! {
                        <circle class="dot" class:last=last cx=x(p.day) cy=y(p.value) r=if last { "4" } else { "2.2" } on:click=move |_| on_pick.run(at)>
                            <title>{format!("{}: {} {unit}", day_name(p.day), p.label)}</title>
                        </circle>
                    }
                }).collect_view()}
                {end.map(|p| {
                    let (px, py) = (x(p.day).min(W - 8.0), (y(p.value) - 9.0).max(11.0));
                    view! { <text class="end" x=px y=py text-anchor="end">{p.label}</text> }
                })}
                <text class="tick" x="8" y={H - 4.0}>{day_name(first)}</text>
                <text class="tick" x={W - 8.0} y={H - 4.0} text-anchor="end">{day_name(last)}</text>
            </svg>
            <div class="hidden"><table>
                <caption>{heading}</caption>
                <tbody>{rows.into_iter().map(|p| view! { <tr><th scope="row">{day_name(p.day)}</th><td>{p.label}</td></tr> }).collect_view()}</tbody>
            </table></div>
        </figure>
    }
    .into_any()
}

/// One bar of a list: a name, a length in tenths, and the words at its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    pub id: String,
    pub name: String,
    pub tenths: i64,
    pub label: String,
    pub plate: usize,
}

/// Horizontal bars from zero with the band that most people aim for.
#[component]
pub fn Bars(bars: Vec<Bar>, title: String, band: Option<(i64, i64)>, on_pick: Callback<String>) -> impl IntoView {
    let top = bars.iter().map(|bar| bar.tenths).max().unwrap_or(0).max(band.map_or(10, |(_, high)| high)).max(10);
    let percent = move |tenths: i64| format!("{:.1}%", 100.0 * tenths as f64 / top as f64);
    view! {
        <div class="bars" role="list" aria-label=title>
            {bars.into_iter().map(|bar| {
                let id = bar.id.clone();
                view! {
                    <button role="listitem" class="bar-row" on:click=move |_| on_pick.run(id.clone())>
                        <span class="bar-name">{bar.name}</span>
                        <span class="bar-track">
                            {band.map(|(low, high)| view! {
                                <span class="band" style:left=percent(low) style:width=percent(high - low)></span>
                            })}
                            <span class=format!("fill plate-{}", bar.plate) style:width=percent(bar.tenths)></span>
                        </span>
                        <span class="bar-value">{bar.label}</span>
                    </button>
                }
            }).collect_view()}
        </div>
    }
}

/// A year of days as a grid of weeks. `level` is 0 to 4.
#[component]
pub fn Heatmap(
    days: Vec<(i64, u8, String)>,
    first_monday: i64,
    weeks: i64,
    month_name: fn(i64) -> Option<String>,
    title: String,
) -> impl IntoView {
    const CELL: i64 = 11;
    let width = weeks * CELL + 2;
    let rows = days.iter().filter(|(_, level, _)| 0 < *level).cloned().collect::<Vec<_>>();
    let caption = title.clone();
    view! {
        <figure class="chart heat" tabindex="0" aria-label=m::charts::scrolls(&title)>
            <svg viewBox=format!("0 0 {width} 92") style:width=format!("{width}px") role="img" aria-label=m::charts::days_with_training(&title, rows.len())>
                {(0..weeks).filter_map(|week| Some(view! {
                    <text class="tick" x=week * CELL y="9">{month_name(first_monday + week * 7)?}</text>
                })).collect_view()}
                {days.into_iter().map(|(day, level, label)| {
                    let since = day - first_monday;
                    view! {
                        <rect class=format!("heat-{level}") x=since.div_euclid(7) * CELL y=14 + since.rem_euclid(7) * CELL width="9" height="9" rx="2">
                            <title>{label}</title>
                        </rect>
                    }
                }).collect_view()}
            </svg>
            <div class="hidden"><table>
                <caption>{caption}</caption>
                <tbody>{rows.into_iter().map(|(_, _, label)| view! { <tr><td>{label}</td></tr> }).collect_view()}</tbody>
            </table></div>
        </figure>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_gap_is_a_gap_and_not_a_slope() {
        // Twice a week, then two years of nothing.
        assert_eq!(goes_on(&[0, 3, 7, 737, 740]), [false, true, true, false, true]);
        assert_eq!(goes_on(&[0, 90, 181]), [false, true, false]);
        assert!(goes_on(&[]).is_empty());
    }
}
