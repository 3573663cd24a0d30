//! The first bytes of every file we write: what it is, in which format, how it is encrypted, and what it must contain.

/// Moves when the meaning of any byte in a file moves. A build refuses what is newer and reads what is older.
/// 1: as it is. 2: may be encrypted.
pub const FORMAT_VERSION: u16 = 2;
pub const HEADER_LEN: usize = 96;

const MAGIC: &[u8; 4] = b"SPTR";

/// 16 random bytes that name one use of a pool file, so that bytes of an earlier use are never taken for this one's.
pub type UseId = [u8; 16];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nothing of worth: may be claimed.
    Free,
    /// A session that is being written, frame after frame.
    Open,
    /// A session as one Parquet file.
    Sealed,
    Manifest,
    Draft,
    /// The data key, wrapped.
    Keys,
    /// Projections as they stood once: a copy that may be thrown away.
    Tables,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    None,
    /// AES-256-GCM: 12 bytes of nonce, the cipher text, 16 bytes of tag. What is authenticated beside it: `seal::associated`.
    AesGcm,
}

impl Role {
    pub fn byte(self) -> u8 {
        match self {
            Self::Free => 0,
            Self::Open => 1,
            Self::Sealed => 2,
            Self::Manifest => 3,
            Self::Draft => 4,
            Self::Keys => 5,
            Self::Tables => 6,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub encryption: Encryption,
    pub role: Role,
    pub use_id: UseId,
    /// Bytes after the header, and their BLAKE3; zero for an open segment, which grows.
    pub payload_len: u64,
    pub payload_hash: [u8; 32],
    /// Orders manifests and drafts: the highest valid one wins.
    pub generation: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderErr {
    #[error("the file is empty")]
    Empty,
    #[error("the file's header is damaged")]
    Damaged,
    #[error("the file was written by a newer Spotter (format {0}): update to open it")]
    Newer(u16),
    #[error("the file is encrypted in a way this Spotter does not know")]
    Encryption,
    #[error("the file's content does not match its hash")]
    Content,
}

impl Header {
    pub fn open(use_id: UseId) -> Self {
        Self { encryption: Encryption::None, role: Role::Open, use_id, payload_len: 0, payload_hash: [0; 32], generation: 0 }
    }

    /// Whether a newer build wrote this file: then it is none of this one's business.
    pub fn is_newer(file: &[u8]) -> bool {
        matches!(Self::decode(file), Err(HeaderErr::Newer(_)))
    }

    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut out = [0; HEADER_LEN];
        out[0..4].copy_from_slice(MAGIC);
        out[4..6].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        out[6] = match self.encryption {
            Encryption::None => 0,
            Encryption::AesGcm => 1,
        };
        out[7] = self.role.byte();
        out[8..24].copy_from_slice(&self.use_id);
        out[24..32].copy_from_slice(&self.payload_len.to_le_bytes());
        out[32..64].copy_from_slice(&self.payload_hash);
        out[64..72].copy_from_slice(&self.generation.to_le_bytes());
        let check = blake3::hash(&out[..HEADER_LEN - 8]);
        out[HEADER_LEN - 8..].copy_from_slice(&check.as_bytes()[..8]);
        out
    }

    pub fn decode(file: &[u8]) -> Result<Self, HeaderErr> {
        let Some(head) = file.get(..HEADER_LEN) else {
            // A file that was created and never written, or cut in its header: nothing was promised in it.
            return Err(if file.iter().all(|byte| *byte == 0) { HeaderErr::Empty } else { HeaderErr::Damaged });
        };
        if head.iter().all(|byte| *byte == 0) {
            return Err(HeaderErr::Empty);
        }
        let check = blake3::hash(&head[..HEADER_LEN - 8]);
        if &head[0..4] != MAGIC || head[HEADER_LEN - 8..] != check.as_bytes()[..8] {
            return Err(HeaderErr::Damaged);
        }
        let version = u16::from_le_bytes([head[4], head[5]]);
        if FORMAT_VERSION < version {
            return Err(HeaderErr::Newer(version));
        }
        let encryption = match head[6] {
            0 => Encryption::None,
            1 => Encryption::AesGcm,
            _ => return Err(HeaderErr::Encryption),
        };
        let role = match head[7] {
            0 => Role::Free,
            1 => Role::Open,
            2 => Role::Sealed,
            3 => Role::Manifest,
            4 => Role::Draft,
            5 => Role::Keys,
            6 => Role::Tables,
            _ => return Err(HeaderErr::Damaged),
        };
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| head[at + i]));
        Ok(Self {
            encryption,
            role,
            use_id: std::array::from_fn(|i| head[8 + i]),
            payload_len: number(24),
            payload_hash: std::array::from_fn(|i| head[32 + i]),
            generation: number(64),
        })
    }

    /// The payload, once its length and hash hold. Nothing else may look at what is stored in plain.
    pub fn payload<'a>(&self, file: &'a [u8]) -> Result<&'a [u8], HeaderErr> {
        let payload = self.cipher(file)?;
        if blake3::hash(payload).as_bytes() == &self.payload_hash { Ok(payload) } else { Err(HeaderErr::Content) }
    }

    /// The payload, once its length holds: for one that only opens with a key, which checks every byte of it.
    pub fn cipher<'a>(&self, file: &'a [u8]) -> Result<&'a [u8], HeaderErr> {
        let len = usize::try_from(self.payload_len).map_err(|_| HeaderErr::Content)?;
        let end = HEADER_LEN.checked_add(len).ok_or(HeaderErr::Content)?;
        file.get(HEADER_LEN..end).ok_or(HeaderErr::Content)
    }
}

/// A whole file of a fixed content: a sealed segment, a manifest, a draft.
pub fn sealed_bytes(role: Role, use_id: UseId, generation: u64, payload: &[u8]) -> Vec<u8> {
    whole_file(Encryption::None, role, use_id, generation, payload)
}

/// The same, encrypted already or not; the hash is over what is stored.
pub fn whole_file(encryption: Encryption, role: Role, use_id: UseId, generation: u64, payload: &[u8]) -> Vec<u8> {
    let header = Header {
        encryption,
        role,
        use_id,
        payload_len: payload.len() as u64,
        payload_hash: *blake3::hash(payload).as_bytes(),
        generation,
    };
    let mut out = header.encode().to_vec();
    out.extend_from_slice(payload);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_single_flipped_bit_passes() {
        let file = sealed_bytes(Role::Sealed, [7; 16], 3, b"PAR1 pretend");
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut damaged = file.clone();
                damaged[at] ^= 1 << bit;
                let outcome = Header::decode(&damaged).and_then(|header| header.payload(&damaged).map(<[u8]>::to_vec));
                assert!(outcome.is_err(), "byte {at} bit {bit}");
            }
        }
        assert_eq!(Header::decode(&file).expect("whole").payload(&file), Ok(&b"PAR1 pretend"[..]));
    }

    #[test]
    fn cut_and_empty_files_are_told_apart() {
        let file = sealed_bytes(Role::Manifest, [7; 16], 3, b"{}");
        assert_eq!(Header::decode(&[]), Err(HeaderErr::Empty));
        assert_eq!(Header::decode(&[0; 4096]), Err(HeaderErr::Empty));
        assert_eq!(Header::decode(&file[..40]), Err(HeaderErr::Damaged));
        let header = Header::decode(&file).expect("whole");
        assert_eq!(header.payload(&file[..file.len() - 1]), Err(HeaderErr::Content));
    }

    #[test]
    fn a_newer_format_is_named() {
        let mut file = Header::open([1; 16]).encode();
        file[4] = 9;
        let check = blake3::hash(&file[..HEADER_LEN - 8]);
        file[HEADER_LEN - 8..].copy_from_slice(&check.as_bytes()[..8]);
        assert_eq!(Header::decode(&file), Err(HeaderErr::Newer(9)));
    }
}
