//! Whether the tab that leads has fallen silent: then it is frozen, or stuck, and another one takes the lead.

/// How often a tab that does not lead asks whether somebody does, in milliseconds,
pub const PING_MS: i32 = 250;
/// and after how many questions without an answer nobody does. Counted by questions, not by a clock: a tab that was frozen
/// itself asks anew before it draws a conclusion.
const SILENT: u32 = 4;

#[derive(Debug, Default)]
pub struct Detector {
    answered: bool,
    unanswered: u32,
}

impl Detector {
    /// A question goes out.
    pub fn asks(&mut self) {
        self.answered = false;
    }

    /// Somebody leads.
    pub fn heard(&mut self) {
        self.answered = true;
    }

    /// The time for an answer is over. Where tabs cannot hear each other, silence says nothing.
    pub fn is_gone(&mut self, hears: bool) -> bool {
        self.unanswered = if self.answered || !hears { 0 } else { self.unanswered + 1 };
        SILENT <= self.unanswered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leader_is_gone_after_four_questions_in_a_row_without_an_answer() {
        let gone_after = |answers: [bool; 9], hears: bool| {
            let mut detector = Detector::default();
            answers.into_iter().position(|answer| {
                detector.asks();
                if answer {
                    detector.heard();
                }
                detector.is_gone(hears)
            })
        };
        assert_eq!(gone_after([false; 9], true), Some(3));
        assert_eq!(gone_after([false; 9], false), None);
        assert_eq!(gone_after([false, false, false, true, false, false, false, false, false], true), Some(7));
        assert_eq!(gone_after([true; 9], true), None);
    }
}
