//! Many byte strings in one, so that a thousand rows cross between workers as one buffer.

pub fn pack<'a>(items: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for item in items {
        out.extend_from_slice(&(item.len() as u32).to_le_bytes());
        out.extend_from_slice(item);
    }
    out
}

/// `None` if the buffer was cut.
pub fn unpack(mut packed: &[u8]) -> Option<Vec<&[u8]>> {
    let mut out = Vec::new();
    while !packed.is_empty() {
        let (len, rest) = packed.split_first_chunk::<4>()?;
        let (item, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
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
