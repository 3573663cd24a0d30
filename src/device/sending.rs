//! What may leave this device: said in one place for what is pushed, what is compared, and what a screen counts as waiting.

use ledger::Scope;

/// Whether a row goes to the account's server, by whose it is and how it is encrypted.
pub fn may_be_sent(scope: Scope, _enc: &str) -> bool {
    match scope {
        // The server is the person's own, or one that they trust with their training.
        Scope::Person(_) => true,
        // Never in the clear: only the room's people are to read it. What is encrypted waits too, until there is a server that
        // knows whose signature to check; until then it would refuse every row.
        Scope::Room(_) => false,
    }
}

/// A chain is compared by one sum, so it goes whole or stays whole.
pub(crate) fn chain_may_be_sent(scope: Scope) -> bool {
    may_be_sent(scope, "none")
}

#[cfg(test)]
mod tests {
    use ledger::EntityId;

    use super::*;

    #[test]
    fn a_persons_rows_go_and_a_rooms_stay_however_they_are_encrypted() {
        let id = EntityId::v7(1, [1; 10]);
        for (scope, goes) in [(Scope::Person(id), true), (Scope::Room(id), false)] {
            for enc in ["none", "x1", "x2", ""] {
                assert_eq!(may_be_sent(scope, enc), goes, "{scope} {enc}");
                assert_eq!(may_be_sent(scope, enc), chain_may_be_sent(scope), "a chain with rows of both kinds has no sum");
            }
        }
    }
}
