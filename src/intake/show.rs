//! Figures in words, in the unit of the file: for what is asked and what is pointed out.

use ledger::Unit;

/// Hundredths of the unit, rounded, without idle zeros.
pub(crate) fn number(grams: i64, unit: Unit) -> String {
    let (top, bottom) = match unit {
        Unit::Kg => (1, 10),
        Unit::Lb => (10_000_000, 45_359_237),
    };
    decimal((i128::from(grams) * top + bottom / 2) / bottom, 100)
}

pub(crate) fn load(grams: i64, unit: Unit) -> String {
    format!("{} {}", number(grams, unit), if unit == Unit::Lb { "lb" } else { "kg" })
}

pub(crate) fn decimal(n: i128, parts: i128) -> String {
    let (whole, rest) = (n / parts, n % parts);
    if rest == 0 {
        return whole.to_string();
    }
    let digits = parts.ilog10() as usize;
    format!("{whole}.{}", format!("{rest:0digits$}").trim_end_matches('0'))
}
