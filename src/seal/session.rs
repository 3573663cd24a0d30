//! An open session that is encrypted: what was written at once is one cipher frame. Read as if it had never been encrypted.

use ledger::{Encryption, FRAME_PREFIX, Frame, FrameKind, HEADER_LEN, Header, Role, UseId, frame_at, scan};

/// What an encrypted open segment holds, for whoever has the key: where each cipher frame begins, and its payload.
pub fn ciphers<'a>(use_id: &UseId, file: &'a [u8]) -> Vec<(usize, &'a [u8])> {
    let frames = scan(use_id, file).frames.into_iter().filter(|frame| frame.kind == FrameKind::Cipher);
    frames.map(|frame| (offset_in(file, frame.payload) - FRAME_PREFIX, frame.payload)).collect()
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

#[cfg(test)]
mod tests {
    use ledger::{Scan, encode_frame};

    use super::*;

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
        for file in [&file[..], &file[..end + FRAME_PREFIX + b"slipped in".len()]] {
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
        let index = ledger::sealed_bytes(Role::Manifest, USE, 7, b"{}");
        let header = Header::decode(&index).expect("a header");
        let refused_index = refused(&header, &index);
        assert_eq!(Header::decode(&refused_index).expect("a header").encryption, Encryption::AesGcm);
        assert_eq!(refused_index[HEADER_LEN..], index[HEADER_LEN..]);
    }
}
