//! `simulate FROM N [BUG]`: seeds that broke an invariant, as JSON. With a bug planted they are what is looked for.

#[path = "sim.rs"]
mod sim;

use sim::Bug;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| args.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let bug = args.get(2).map(|name| match name.as_str() {
        "cursor" => Bug::CursorBeforeRows,
        "filter" => Bug::FilterAfterLimit,
        "frame" => Bug::LostFrame,
        "cache" => Bug::ResultCache,
        "place" => Bug::PlaceAlone,
        "leave" => Bug::LeavesEarly,
        "newer" => Bug::OverNewer,
        "early" => Bug::FreesEarly,
        "left" => Bug::LeftBehind,
        "once" => Bug::KeptOnce,
        other => panic!("no such bug: {other}"),
    });
    let (mut broken, mut sum, mut tabs) = (Vec::new(), sim::Outcome::default(), sim::Lived::default());
    let of_tabs = bug.is_some_and(Bug::is_of_tabs);
    let leads = of_tabs || bug.is_none();
    for seed in (number(0)..number(0) + number(1)).filter(|_| leads) {
        match sim::live(seed, bug) {
            Ok(lived) => tabs.add(lived),
            Err(why) => broken.push(serde_json::json!({ "seed": seed, "why": why })),
        }
    }
    for seed in (number(0)..number(0) + number(1)).filter(|_| !of_tabs) {
        match sim::run(seed, bug, None) {
            Ok(outcome) => {
                sum.rows += outcome.rows;
                sum.phones += outcome.phones;
                sum.cuts += outcome.cuts;
                sum.server_cuts += outcome.server_cuts;
                sum.restores += outcome.restores;
                sum.left += outcome.left;
                sum.lost += outcome.lost;
                sum.doubled += outcome.doubled;
            }
            Err(why) if bug.is_some() => broken.push(serde_json::json!({ "seed": seed, "why": why })),
            Err(why) => {
                let (events, why) = sim::shrink(seed, None).unwrap_or((0, why));
                broken.push(serde_json::json!({ "seed": seed, "events": events, "why": why }));
            }
        }
    }
    let report = serde_json::json!({
        "seeds": number(1), "broken": broken.len(), "first": broken.iter().take(5).collect::<Vec<_>>(),
        "devices": sum.phones, "rows": sum.rows, "power_cuts": sum.cuts, "server_kills": sum.server_cuts,
        "restores": sum.restores, "left": sum.left, "messages_lost": sum.lost, "messages_doubled": sum.doubled,
        "tabs_rows": tabs.rows, "tabs_power_cuts": tabs.cuts, "tabs_died": tabs.deaths, "leads_taken": tabs.thefts,
        "tabs_sealed_files": tabs.sealed,
    });
    tests::say(&report.to_string());
}
