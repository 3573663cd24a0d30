//! What there is to say about lines of a file.

use bridge::RowProblem;

const SHOWN: usize = 1000;

#[derive(Default)]
pub(super) struct Remarks {
    /// Lines that were left out.
    pub(super) rejected: usize,
    /// All of them, also those that are not shown.
    pub(super) count: usize,
    pub(super) shown: Vec<RowProblem>,
}

impl Remarks {
    /// Of a line that counts all the same.
    pub(super) fn note(&mut self, line: u64, reason: String) {
        self.add(RowProblem { line, left_out: false, reason });
    }

    pub(super) fn reject(&mut self, line: u64, reason: String) {
        self.rejected += 1;
        self.add(RowProblem { line, left_out: true, reason });
    }

    fn add(&mut self, problem: RowProblem) {
        self.count += 1;
        if self.shown.len() < SHOWN {
            self.shown.push(problem);
        }
    }

    /// Another reading of the dates may make something of the file.
    pub(super) fn undated(&self) -> bool {
        self.shown.iter().any(|problem| problem.reason.starts_with("the date"))
    }

    /// Why of so many rows none could be used: the reasons that most of them have.
    pub(super) fn why_nothing(&self, rows: usize) -> String {
        let mut reasons: Vec<(&str, u64, usize)> = Vec::new();
        for problem in self.shown.iter().filter(|problem| problem.left_out) {
            match reasons.iter_mut().find(|(reason, ..)| *reason == problem.reason) {
                Some((_, _, times)) => *times += 1,
                None => reasons.push((&problem.reason, problem.line, 1)),
            }
        }
        reasons.sort_by_key(|(_, line, times)| (std::cmp::Reverse(*times), *line));
        let told: Vec<String> = reasons
            .iter()
            .take(3)
            .map(|(reason, line, times)| match times {
                1 => format!("Line {line}: {reason}."),
                times => format!("{times} rows, the first in line {line}: {reason}."),
            })
            .collect();
        if told.is_empty() { format!("It has {rows} rows, all of them rests or notes.") } else { told.join(" ") }
    }
}
