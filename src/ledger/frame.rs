//! An open segment: a header, then frames. A frame is whole or it is not; after a damaged one the next whole one is
//! still found, so that one bad byte costs one row and not the session.
//!
//! `marker(4) kind(1) len(4, LE) check(8) payload(len)`; the check is BLAKE3 over the file's use id, kind, length and
//! payload, so a frame left over from an earlier use of the same pool file is not a frame of this one.

use crate::header::{Encryption, HEADER_LEN, Header, Role, UseId};

const MARKER: [u8; 4] = [0xF7, b's', b'p', b'f'];
const PREFIX: usize = 4 + 1 + 4 + 8;
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

fn frame_at<'a>(use_id: &UseId, bytes: &'a [u8]) -> Option<(Frame<'a>, usize)> {
    let prefix = bytes.get(..PREFIX)?;
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
    let payload = bytes.get(PREFIX..PREFIX + len as usize)?;
    (prefix[9..] == check(use_id, prefix[4], len, payload)).then_some((Frame { kind, payload }, PREFIX + len as usize))
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

/// What an encrypted open segment holds, for whoever has the key: where each cipher frame begins, and its payload.
pub fn ciphers<'a>(use_id: &UseId, file: &'a [u8]) -> Vec<(usize, &'a [u8])> {
    let frames = scan(use_id, file).frames.into_iter().filter(|frame| frame.kind == FrameKind::Cipher);
    frames.map(|frame| (offset_in(file, frame.payload) - PREFIX, frame.payload)).collect()
}

fn offset_in(file: &[u8], part: &[u8]) -> usize {
    part.as_ptr() as usize - file.as_ptr() as usize
}

/// The same open segment as if it had never been encrypted. A cipher frame without its plain text stays as it is, and is
/// damage to whoever reads on; so is a plain frame beside them, which nobody who has the key wrote.
pub fn decrypted(header: &Header, file: &[u8], plain: &[(usize, Option<Vec<u8>>)]) -> Vec<u8> {
    let mut out = Header { encryption: Encryption::None, ..*header }.encode().to_vec();
    let mut at = HEADER_LEN.min(file.len());
    for (offset, frames) in plain {
        let Some(frames) = frames else { continue };
        let Some((_, len)) = file.get(*offset..).and_then(|rest| frame_at(&header.use_id, rest)) else { continue };
        out.extend(spoiled(&header.use_id, &file[at..*offset]));
        out.extend_from_slice(frames);
        at = offset + len;
    }
    out.extend(spoiled(&header.use_id, &file[at..]));
    out
}

/// A plain file where everything is encrypted: as damaged to whoever reads on as one under another key.
pub fn refused(header: &Header, file: &[u8]) -> Vec<u8> {
    let header = Header { encryption: Encryption::AesGcm, ..*header };
    if header.role == Role::Open {
        return decrypted(&header, file, &[]);
    }
    let mut out = header.encode().to_vec();
    out.extend_from_slice(&file[HEADER_LEN.min(file.len())..]);
    out
}

/// Bytes beside what was decrypted: a whole plain frame in them is one no more. But for the one that ends a session, which is
/// written plain: it says nothing else, and there is nothing in it.
fn spoiled(use_id: &UseId, bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let may_be_plain = |frame: &Frame| match frame.kind {
        FrameKind::Cipher => true,
        FrameKind::Closed => frame.payload.is_empty(),
        FrameKind::Head | FrameKind::Row | FrameKind::Standing => false,
    };
    for at in 0..bytes.len() {
        if frame_at(use_id, &bytes[at..]).is_some_and(|(frame, _)| !may_be_plain(&frame)) {
            out[at] = 0;
        }
    }
    out
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

    /// Not a cipher, but as good as one for where things lie.
    fn encrypted(batches: &[&[u8]]) -> Vec<u8> {
        let mut out = Header { encryption: Encryption::AesGcm, ..Header::open(USE) }.encode().to_vec();
        for batch in batches {
            let mut inner = Vec::new();
            encode_frame(&USE, FrameKind::Row, batch, &mut inner);
            let veiled: Vec<u8> = inner.iter().map(|byte| byte ^ 0x55).collect();
            encode_frame(&USE, FrameKind::Cipher, &veiled, &mut out);
        }
        out
    }

    #[test]
    fn batches_are_read_as_if_they_were_plain_and_one_without_its_key_is_damage() {
        let file = encrypted(&[b"one", b"two", b"three"]);
        let header = Header::decode(&file).expect("a header");
        let unveil = |bytes: &[u8]| bytes.iter().map(|byte| byte ^ 0x55).collect::<Vec<u8>>();
        let mut parts: Vec<(usize, Option<Vec<u8>>)> =
            ciphers(&USE, &file).into_iter().map(|(at, payload)| (at, Some(unveil(payload)))).collect();
        let plain = decrypted(&header, &file, &parts);
        assert_eq!(Header::decode(&plain).expect("a header").encryption, Encryption::None);
        assert_eq!(payloads(&scan(&USE, &plain)), [&b"one"[..], b"two", b"three"]);
        parts[1].1 = None;
        let plain = decrypted(&header, &file, &parts);
        let kinds: Vec<FrameKind> = scan(&USE, &plain).frames.iter().map(|frame| frame.kind).collect();
        assert_eq!(kinds, [FrameKind::Row, FrameKind::Cipher, FrameKind::Row]);
    }

    #[test]
    fn a_plain_frame_in_an_encrypted_segment_is_damage() {
        let mut file = encrypted(&[b"one", b"two"]);
        let end = file.len();
        encode_frame(&USE, FrameKind::Row, b"slipped in", &mut file);
        file.extend_from_slice(&encrypted(&[b"three"])[HEADER_LEN..]);
        let header = Header::decode(&file).expect("a header");
        let unveil = |bytes: &[u8]| bytes.iter().map(|byte| byte ^ 0x55).collect::<Vec<u8>>();
        let parts: Vec<(usize, Option<Vec<u8>>)> =
            ciphers(&USE, &file).into_iter().map(|(at, payload)| (at, Some(unveil(payload)))).collect();
        assert_eq!(parts.len(), 3);
        for file in [&file[..], &file[..end + PREFIX + b"slipped in".len()]] {
            let parts: Vec<_> = parts.iter().filter(|(at, _)| *at < file.len()).cloned().collect();
            let plain = decrypted(&header, file, &parts);
            let scan = scan(&USE, &plain);
            assert!(!payloads(&scan).contains(&&b"slipped in"[..]));
            assert_eq!((scan.frames.len(), scan.damage.len()), (parts.len(), 1), "what was written is all there, and this is said");
        }
    }

    #[test]
    fn an_encrypted_session_that_has_ended_was_not_cut_off() {
        let header = Header { encryption: Encryption::AesGcm, ..Header::open(USE) };
        let read = |payload: &[u8]| {
            let mut file = encrypted(&[b"one"]);
            encode_frame(&USE, FrameKind::Closed, payload, &mut file);
            let unveil = |bytes: &[u8]| bytes.iter().map(|byte| byte ^ 0x55).collect::<Vec<u8>>();
            let parts: Vec<_> = ciphers(&USE, &file).into_iter().map(|(at, bytes)| (at, Some(unveil(bytes)))).collect();
            let plain = decrypted(&header, &file, &parts);
            let scan = scan(&USE, &plain);
            (scan.frames.iter().map(|frame| frame.kind).collect::<Vec<_>>(), scan.damage.len())
        };
        assert_eq!(read(b""), (vec![FrameKind::Row, FrameKind::Closed], 0));
        assert_eq!(read(b"slipped in"), (vec![FrameKind::Row], 1));
    }

    #[test]
    fn a_plain_file_can_be_refused_whole() {
        let session = file(&[b"one", b"two"]);
        let header = Header::decode(&session).expect("a header");
        let refused_session = refused(&header, &session);
        let found = scan(&USE, &refused_session);
        assert_eq!((payloads(&found).len(), found.damage.is_empty()), (0, false));
        let index = crate::sealed_bytes(Role::Manifest, USE, 7, b"{}");
        let header = Header::decode(&index).expect("a header");
        let refused_index = refused(&header, &index);
        assert_eq!(Header::decode(&refused_index).expect("a header").encryption, Encryption::AesGcm);
        assert_eq!(refused_index[HEADER_LEN..], index[HEADER_LEN..]);
    }

    #[test]
    fn room_to_grow_is_no_damage() {
        let mut longer = file(&[b"one"]);
        longer.resize(longer.len() + 4096, 0);
        assert_eq!(scan(&USE, &longer).damage, []);
    }
}
