//! From bytes to text, whichever way a spreadsheet or a phone wrote it.

use std::borrow::Cow;

/// What windows-1252 has where Latin-1 has control characters; `\0` where it has nothing.
const WINDOWS_1252: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’', '“', '”', '•', '–', '—',
    '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

/// What a spreadsheet takes for the beginning of a formula: as in `archive`.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// What some of them pass over at the beginning of a cell.
const PASSED: [char; 3] = ['\t', '\r', '\n'];

/// Or why it is none.
pub(crate) fn text_of(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    let text = if let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe]) {
        utf16(rest, u16::from_le_bytes)?
    } else if let Some(rest) = bytes.strip_prefix(&[0xfe, 0xff]) {
        utf16(rest, u16::from_be_bytes)?
    } else if every_second_is_zero(bytes, 1) {
        utf16(bytes, u16::from_le_bytes)?
    } else if every_second_is_zero(bytes, 0) {
        utf16(bytes, u16::from_be_bytes)?
    } else {
        match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)),
            Err(_) => Cow::Owned(bytes.iter().map(|byte| one_byte(*byte)).collect()),
        }
    };
    if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}')) {
        return Err("it is not text".to_owned());
    }
    Ok(text)
}

/// Plain letters in UTF-16 without a mark: half of the bytes are zero, all on one side.
fn every_second_is_zero(bytes: &[u8], side: usize) -> bool {
    let head = &bytes[..bytes.len().min(64)];
    let zeros = |side: usize| head.iter().skip(side).step_by(2).filter(|byte| **byte == 0).count();
    8 <= head.len() && head.len() < 4 * zeros(side) && zeros(1 - side) == 0
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'static, str>, String> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    let text = text.map_err(|_| "it begins as UTF-16 text and is not text".to_owned())?;
    Ok(Cow::Owned(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned)))
}

fn one_byte(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
        other => char::from(other),
    }
}

/// Cells that a spreadsheet would take for formulas carry a `'` in our exports. Undoes `archive`'s guard.
pub(crate) fn unguarded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at_start = true;
    for (at, c) in text.char_indices() {
        let after = text[at..].strip_prefix('\'').map(|after| after.trim_start_matches('\''));
        let guards = |after: &str| after.starts_with(FORMULA) || (at == 0 && after.starts_with(PASSED));
        if at_start && after.is_some_and(guards) {
            at_start = false;
            continue;
        }
        at_start = matches!(c, ';' | '\t' | '\n' | '\r') || (at_start && c == ' ');
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_in_every_encoding_that_spreadsheets_write() {
        let text = "Datum,Übung\n2026-04-02,Kniebeuge – tief\n";
        let utf16 = |mark: bool, big: bool| -> Vec<u8> {
            let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
            units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        let windows: Vec<u8> = text
            .chars()
            .map(|c| match c {
                'Ü' => 0xdc,
                '–' => 0x96,
                c => c as u8,
            })
            .collect();
        let with_mark = format!("\u{feff}{text}").into_bytes();
        let all = [
            text.as_bytes().to_vec(),
            with_mark,
            utf16(true, false),
            utf16(true, true),
            utf16(false, false),
            utf16(false, true),
            windows,
        ];
        for bytes in all {
            assert_eq!(text_of(&bytes).as_deref(), Ok(text), "{bytes:x?}");
        }
        for bytes in [b"PK\x03\x04\xff\xfe\x00\x00".as_slice(), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xfe\x00\xd8"] {
            assert!(text_of(bytes).is_err(), "{bytes:x?}");
        }
    }
}
