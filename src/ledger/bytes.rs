//! Bytes as text, and several parts of bytes in one: what files and messages share.

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// `None` for any other number of digits, and for what is none.
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |at: usize| char::from(text.as_bytes()[at]).to_digit(16);
    if text.len() != 2 * N {
        return None;
    }
    let mut out = [0; N];
    for (at, byte) in out.iter_mut().enumerate() {
        *byte = (digit(2 * at)? << 4 | digit(2 * at + 1)?) as u8;
    }
    Some(out)
}

/// Appends a part behind its length: four bytes, little-endian.
pub fn put_part(out: &mut Vec<u8>, part: &[u8]) {
    out.extend_from_slice(&(part.len() as u32).to_le_bytes());
    out.extend_from_slice(part);
}

/// The part that stands first, and what is behind it. `None` if it was cut.
pub fn take_part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*len) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_two_digits_each() {
        let bytes: [u8; 256] = std::array::from_fn(|at| at as u8);
        let text = hex(&bytes);
        assert_eq!(&text[..8], "00010203");
        assert_eq!(text, bytes.map(|byte| format!("{byte:02x}")).concat());
        assert_eq!(unhex(&text), Some(bytes));
        assert_eq!(unhex(&text.to_uppercase()), Some(bytes));
        for wrong in ["", "0", "000", "0g", "+1", "é"] {
            assert_eq!(unhex::<1>(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_part_is_found_or_known_to_be_cut() {
        let mut out = Vec::new();
        put_part(&mut out, b"one");
        out.extend(b"rest");
        assert_eq!(out, b"\x03\0\0\0onerest");
        assert_eq!(take_part(&out), Some((&b"one"[..], &b"rest"[..])));
        for cut in 0..7 {
            assert_eq!(take_part(&out[..cut]), None);
        }
        assert_eq!(take_part(b"\xff\xff\xff\xffone"), None);
    }
}
