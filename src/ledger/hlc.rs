//! The hybrid logical clock: fixed-width text whose byte order is the order of writing.
//!
//! `mmmmmmmmmmmm-cccc-dddddddddddddddd`: UTC milliseconds, a counter (which carries into the milliseconds) and the
//! device, all lower-case hexadecimal. A new value is one tick above the wall clock or the clock of the entity that is
//! touched, whichever is later. It is never above everything seen: one row from 2099 must not move a whole device there.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::DeviceId;

const MS_MAX: u64 = (1 << 48) - 1;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a clock value is 12 hexadecimal digits of milliseconds, 4 of counter and a device id")]
pub struct HlcErr;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hlc {
    // Field order is comparison order.
    ms: u64,
    counter: u16,
    device: DeviceId,
}

impl Hlc {
    pub const LEN: usize = 12 + 1 + 4 + 1 + DeviceId::LEN;

    /// One tick above `floor`, or the wall clock when that is later.
    pub fn tick(wall_ms: u64, floor: Option<&Hlc>, device: &DeviceId) -> Self {
        let wall_ms = wall_ms.min(MS_MAX);
        let (ms, counter) = match floor {
            Some(floor) if wall_ms <= floor.ms => match floor.counter.checked_add(1) {
                Some(counter) => (floor.ms, counter),
                None => ((floor.ms + 1).min(MS_MAX), 0),
            },
            _ => (wall_ms, 0),
        };
        Self { ms, counter, device: device.clone() }
    }

    pub fn ms(&self) -> u64 {
        self.ms
    }

    pub fn parse(text: &str) -> Result<Self, HlcErr> {
        let lower_hex = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let mut parts = text.split('-');
        let (Some(ms), Some(counter), Some(device), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(HlcErr);
        };
        if ms.len() != 12 || counter.len() != 4 || !lower_hex(ms) || !lower_hex(counter) {
            return Err(HlcErr);
        }
        Ok(Self {
            ms: u64::from_str_radix(ms, 16).map_err(|_| HlcErr)?,
            counter: u16::from_str_radix(counter, 16).map_err(|_| HlcErr)?,
            device: DeviceId::parse(device).map_err(|_| HlcErr)?,
        })
    }
}

impl fmt::Display for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}-{:04x}-{}", self.ms, self.counter, self.device.as_str())
    }
}

impl TryFrom<String> for Hlc {
    type Error = HlcErr;
    fn try_from(text: String) -> Result<Self, HlcErr> {
        Self::parse(&text)
    }
}

impl From<Hlc> for String {
    fn from(hlc: Hlc) -> String {
        hlc.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> DeviceId {
        DeviceId::from_bytes([1; 8])
    }

    #[test]
    fn a_tick_is_above_wall_and_floor() {
        struct Case {
            wall: u64,
            floor: Option<(u64, u16)>,
            want: (u64, u16),
        }
        let cases = [
            Case { wall: 10, floor: None, want: (10, 0) },
            Case { wall: 10, floor: Some((9, 7)), want: (10, 0) },
            Case { wall: 10, floor: Some((10, 7)), want: (10, 8) },
            Case { wall: 10, floor: Some((4_070_908_800_000, 0)), want: (4_070_908_800_000, 1) },
            Case { wall: 10, floor: Some((10, u16::MAX)), want: (11, 0) },
            Case { wall: 0, floor: None, want: (0, 0) },
        ];
        for case in cases {
            let floor = case.floor.map(|(ms, counter)| Hlc { ms, counter, device: device() });
            let got = Hlc::tick(case.wall, floor.as_ref(), &device());
            assert_eq!((got.ms, got.counter), case.want);
            assert!(floor.is_none_or(|floor| floor < got));
        }
    }

    #[test]
    fn byte_order_is_clock_order() {
        let values =
            [(0, 0), (0, 1), (15, 0), (16, 0), (MS_MAX, 0xffff)].map(|(ms, counter)| Hlc { ms, counter, device: device() });
        for pair in values.windows(2) {
            assert!(pair[0] < pair[1]);
            assert!(pair[0].to_string() < pair[1].to_string());
            assert_eq!(pair[0].to_string().len(), Hlc::LEN);
            assert_eq!(Hlc::parse(&pair[0].to_string()), Ok(pair[0].clone()));
        }
    }

    #[test]
    fn malformed_values_are_refused() {
        for text in ["", "1-2-3", "00000000000g-0000-0101010101010101", "000000000001-0000-0101010101010101-"] {
            assert_eq!(Hlc::parse(text), Err(HlcErr), "{text}");
        }
    }
}
