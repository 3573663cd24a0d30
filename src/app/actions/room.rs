//! A message is written, changed and removed in a room; the room of one's own notes is made with the first of them.

use bridge::{Draft, DraftScope, MessageLine};
use ledger::{EntityId, Fact, Message};
use leptos::prelude::*;

use super::{id, moment};
use crate::{
    clock::entity_id,
    hub::{Hub, Saved},
    messages as m,
};

const CHANNEL: &str = "main";

fn me(hub: Hub) -> Option<EntityId> {
    hub.profile.with_untracked(|profile| profile.as_ref().and_then(|profile| id(&profile.person)))
}

/// In that room, or in a new one; in the place of a message, or as one of its own.
pub(crate) fn write(hub: Hub, room: Option<&str>, over: Option<MessageLine>, text: String, then: impl FnOnce(Saved) + 'static) {
    let Some(sender) = me(hub) else { return };
    let (at_ms, offset_min) = moment();
    let mut drafts = Vec::new();
    let room_id = room.and_then(id).unwrap_or_else(|| {
        // The person's own room is named by the person, so that two tabs make one.
        let room_id = EntityId::v5("notes", &sender.to_string());
        let fact = Fact::RoomCreated { room_id, name: m::crew::NOTES.to_owned(), sender, at_ms, offset_min };
        drafts.push(Draft { scope: DraftScope::Room(room_id), fact, seen: None });
        room_id
    });
    let channel = CHANNEL.to_owned();
    let (fact, seen) = match over {
        Some(line) => {
            let Some(target) = id(&line.message_id) else { return };
            (Fact::MessageEdited { channel, target, sender, text, at_ms, offset_min }, Some(line.hlc))
        }
        None => {
            let message = Message { message_id: entity_id(), channel, sender, thread: None, text, at_ms, offset_min };
            (Fact::MessagePosted(message), None)
        }
    };
    drafts.push(Draft { scope: DraftScope::Room(room_id), fact, seen });
    hub.capture(drafts, then);
}

pub(crate) fn remove(hub: Hub, room: &str, line: MessageLine) {
    let (Some(sender), Some(target), Some(room_id)) = (me(hub), id(&line.message_id), id(room)) else { return };
    let (at_ms, offset_min) = moment();
    let fact = Fact::MessageRemoved { channel: CHANNEL.to_owned(), target, sender, at_ms, offset_min };
    hub.capture(vec![Draft { scope: DraftScope::Room(room_id), fact, seen: Some(line.hlc) }], |_| {});
}
