//! An import is taken back, weeks later too. Carrying one out is the projector's.

use bridge::Draft;
use ledger::Fact;

use super::{id, moment};
use crate::{hub::Hub, messages as m};

pub(crate) fn undo(hub: Hub, import: &str) {
    let Some(import_id) = id(import) else { return };
    let (at_ms, offset_min) = moment();
    hub.capture(vec![Draft::mine(Fact::ImportUndone { import_id, at_ms, offset_min })], move |outcome| {
        if outcome.is_ok() {
            hub.say(m::me::IMPORT_UNDONE, None);
        }
    });
}
