//! An open segment: a header, then frames. A frame is whole or it is not; after a damaged one the next whole one is
//! still found, so that one bad byte costs one row and not the session.
//!
//! `marker(4) kind(1) len(4, LE) check(8) payload(len)`; the check is BLAKE3 over the file's use id, kind, length and
//! payload, so a frame left over from an earlier use of the same pool file is not a frame of this one.

use crate::header::{HEADER_LEN, UseId};

const MARKER: [u8; 4] = [0xF7, b's', b'p', b'f'];
/// What stands before a frame's payload.
pub const FRAME_PREFIX: usize = 4 + 1 + 4 + 8;
/// Above every row; a length beyond it is damage, not a wish for memory.
const PAYLOAD_MAX: usize = 1 << 20;
/// Above every batch.
const CIPHER_MAX: usize = 64 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// Who writes here and where its chains stand: always first.
    Head,
    /// One row, raw.
    Row,
    /// The session is over; nothing follows.
    Closed,
    /// Where the device stands with its server, right behind the rows it speaks of.
    Standing,
    /// Frames of the other kinds that were written together, encrypted; bound to this file and to the offset of this frame.
    Cipher,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    pub kind: FrameKind,
    pub payload: &'a [u8],
}

/// A stretch of bytes that is no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    pub offset: usize,
    pub len: usize,
    /// At the very end: a write that was cut and never acknowledged, or a truncated file.
    pub torn_tail: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan<'a> {
    pub frames: Vec<Frame<'a>>,
    pub damage: Vec<Damage>,
}

pub fn encode_frame(use_id: &UseId, kind: FrameKind, payload: &[u8], out: &mut Vec<u8>) {
    assert!(payload.len() <= most(kind), "a row is far below the largest frame");
    let len = payload.len() as u32;
    let kind = kind_byte(kind);
    out.extend_from_slice(&MARKER);
    out.push(kind);
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&check(use_id, kind, len, payload));
    out.extend_from_slice(payload);
}

/// Reads every whole frame of an open segment's file, header included in `file`.
pub fn scan<'a>(use_id: &UseId, file: &'a [u8]) -> Scan<'a> {
    let mut frames = Vec::new();
    let mut damage: Vec<Damage> = Vec::new();
    let mut at = HEADER_LEN.min(file.len());
    while at < file.len() {
        if let Some((frame, len)) = frame_at(use_id, &file[at..]) {
            frames.push(frame);
            at += len;
            continue;
        }
        let from = at;
        at += 1;
        while at < file.len() && frame_at(use_id, &file[at..]).is_none() {
            at += 1;
        }
        // A pool file may be longer than what was written to it: zeros after the last frame are no damage.
        if at < file.len() || file[from..].iter().any(|byte| *byte != 0) {
            damage.push(Damage { offset: from, len: at - from, torn_tail: at == file.len() });
        }
    }
    Scan { frames, damage }
}

/// The frame that these bytes begin with, if it is whole, and its length with all that belongs to it.
pub fn frame_at<'a>(use_id: &UseId, bytes: &'a [u8]) -> Option<(Frame<'a>, usize)> {
    let prefix = bytes.get(..FRAME_PREFIX)?;
    if prefix[..4] != MARKER {
        return None;
    }
    let kind = match prefix[4] {
        1 => FrameKind::Head,
        2 => FrameKind::Row,
        3 => FrameKind::Closed,
        4 => FrameKind::Standing,
        5 => FrameKind::Cipher,
        _ => return None,
    };
    let len = u32::from_le_bytes([prefix[5], prefix[6], prefix[7], prefix[8]]);
    if most(kind) < len as usize {
        return None;
    }
    let payload = bytes.get(FRAME_PREFIX..FRAME_PREFIX + len as usize)?;
    (prefix[9..] == check(use_id, prefix[4], len, payload)).then_some((Frame { kind, payload }, FRAME_PREFIX + len as usize))
}

fn kind_byte(kind: FrameKind) -> u8 {
    match kind {
        FrameKind::Head => 1,
        FrameKind::Row => 2,
        FrameKind::Closed => 3,
        FrameKind::Standing => 4,
        FrameKind::Cipher => 5,
    }
}

fn most(kind: FrameKind) -> usize {
    match kind {
        // Somebody else's server may have refused years of rows, and each is noted.
        FrameKind::Cipher | FrameKind::Standing => CIPHER_MAX,
        _ => PAYLOAD_MAX,
    }
}

fn check(use_id: &UseId, kind: u8, len: u32, payload: &[u8]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(use_id).update(&[kind]).update(&len.to_le_bytes()).update(payload);
    let hash = hasher.finalize();
    std::array::from_fn(|i| hash.as_bytes()[i])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::Header;

    const USE: UseId = [5; 16];

    fn file(rows: &[&[u8]]) -> Vec<u8> {
        let mut out = Header::open(USE).encode().to_vec();
        for row in rows {
            encode_frame(&USE, FrameKind::Row, row, &mut out);
        }
        out
    }

    fn payloads<'a>(scan: &Scan<'a>) -> Vec<&'a [u8]> {
        scan.frames.iter().map(|frame| frame.payload).collect()
    }

    #[test]
    fn a_standing_may_be_longer_than_any_row() {
        let refused = vec![b'r'; 3 * PAYLOAD_MAX];
        let mut whole = file(&[b"one"]);
        encode_frame(&USE, FrameKind::Standing, &refused, &mut whole);
        assert_eq!(payloads(&scan(&USE, &whole)), [&b"one"[..], &refused]);
    }

    #[test]
    fn a_cut_at_every_byte_loses_only_the_last_row() {
        let whole = file(&[b"one", b"two", b"three"]);
        for cut in HEADER_LEN..whole.len() {
            let scan = scan(&USE, &whole[..cut]);
            let expected = [&b"one"[..], b"two", b"three"];
            assert_eq!(payloads(&scan), expected[..scan.frames.len()], "cut at {cut}");
            assert!(scan.damage.iter().all(|damage| damage.torn_tail));
        }
    }

    #[test]
    fn one_flipped_byte_costs_one_row() {
        let whole = file(&[b"one", b"two", b"three"]);
        for at in HEADER_LEN..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x40;
            let scan = scan(&USE, &damaged);
            assert_eq!(scan.frames.len(), 2, "byte {at}");
            assert_eq!(scan.damage.len(), 1);
        }
    }

    #[test]
    fn an_earlier_use_of_the_file_is_not_read() {
        let mut reused = file(&[b"new"]);
        encode_frame(&[4; 16], FrameKind::Row, b"old", &mut reused);
        let scan = scan(&USE, &reused);
        assert_eq!(payloads(&scan), [&b"new"[..]]);
        assert_eq!(scan.damage.len(), 1);
    }

    #[test]
    fn room_to_grow_is_no_damage() {
        let mut longer = file(&[b"one"]);
        longer.resize(longer.len() + 4096, 0);
        assert_eq!(scan(&USE, &longer).damage, []);
    }
}
