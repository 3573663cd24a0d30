//! Many byte strings in one, so that a thousand rows cross between workers as one buffer.

use ledger::{put_part, take_part};

pub fn pack<'a>(items: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for item in items {
        put_part(&mut out, item);
    }
    out
}

/// `None` if the buffer was cut.
pub fn unpack(mut packed: &[u8]) -> Option<Vec<&[u8]>> {
    let mut out = Vec::new();
    while !packed.is_empty() {
        let (item, rest) = take_part(packed)?;
        out.push(item);
        packed = rest;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let items: [&[u8]; 3] = [b"one", b"", b"three"];
        let packed = pack(items.into_iter());
        assert_eq!(unpack(&packed), Some(items.to_vec()));
        assert_eq!(unpack(&packed[..packed.len() - 1]), None);
    }
}
