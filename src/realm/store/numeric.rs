//! PostgreSQL's NUMERIC, which is what a sum of its whole numbers has. One that is whole and fits is a number like the others;
//! nothing here holds any other.

use std::error::Error;

use postgres::types::{FromSql, Type};

pub(super) struct Whole(pub(super) i64);

impl FromSql<'_> for Whole {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        whole(raw).map(Self).ok_or_else(|| "it is not whole, or too large".into())
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::NUMERIC
    }
}

/// As PostgreSQL sends it: how many digits there are, how many of them stand behind the first one and before the point, the
/// sign, how many decimals are shown, and the digits, each from 0 to 9999.
fn whole(raw: &[u8]) -> Option<i64> {
    const POSITIVE: i64 = 0;
    const NEGATIVE: i64 = 0x4000;
    let mut words = raw.chunks_exact(2).map(|word| i16::from_be_bytes([word[0], word[1]]));
    let (count, weight, sign, _) = (words.next()?, words.next()?, i64::from(words.next()?), words.next()?);
    if words.len() != usize::try_from(count).ok()? || (sign != POSITIVE && sign != NEGATIVE) {
        return None;
    }
    // Below zero there is one more number than above it.
    let mut out: i64 = 0;
    for place in 0..=i64::from(weight).max(i64::from(count) - 1) {
        let digit = words.next().unwrap_or(0);
        if place <= i64::from(weight) {
            out = out.checked_mul(10_000)?.checked_sub(i64::from(digit))?;
        } else if digit != 0 {
            return None;
        }
    }
    if sign == NEGATIVE { Some(out) } else { out.checked_neg() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weight, sign and digits, as a value.
    fn read(weight: i16, sign: u16, digits: &[i16]) -> Option<i64> {
        let head = [digits.len() as i16, weight, sign as i16, 0];
        let raw: Vec<u8> = head.iter().chain(digits).flat_map(|word| word.to_be_bytes()).collect();
        whole(&raw)
    }

    #[test]
    fn only_what_is_whole_and_fits_is_a_number() {
        assert_eq!(read(0, 0, &[]), Some(0));
        assert_eq!(read(0, 0, &[12]), Some(12));
        assert_eq!(read(1, 0x4000, &[1, 2345]), Some(-12_345));
        // Zeros at the end are not sent.
        assert_eq!(read(2, 0, &[7]), Some(700_000_000));
        assert_eq!(read(4, 0, &[922, 3372, 368, 5477, 5807]), Some(i64::MAX));
        assert_eq!(read(4, 0x4000, &[922, 3372, 368, 5477, 5808]), Some(i64::MIN));
        assert_eq!(read(4, 0, &[922, 3372, 368, 5477, 5808]), None, "one more than there is");
        assert_eq!(read(131, 0, &[1]), None);
        assert_eq!(read(0, 0, &[1, 5000]), None, "1.5");
        assert_eq!(read(-1, 0, &[5000]), None, "0.5");
        assert_eq!(read(0, 0, &[1, 0]), Some(1));
        assert_eq!(read(0, 0xc000, &[]), None, "no number");
        assert_eq!(read(0, 0xd000, &[]), None, "beyond all numbers");
        assert_eq!(whole(&[0, 1, 0, 0, 0, 0, 0, 0]), None, "cut off");
        assert_eq!(whole(&[]), None);
    }
}
