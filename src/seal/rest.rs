//! Files and values as they are encrypted at rest, and as if they never had been.
//!
//! Where there is no vault (there is no IndexedDB) everything is plain, and the storage page says so.

use ledger::{Encryption, Entropy, FrameKind, HEADER_LEN, Header, Role, UseId, encode_frame, sealed_bytes, whole_file};

use crate::{
    cipher::{Cipher, SealErr, random},
    session::{ciphers, decrypted, refused},
    vault::Vault,
};

/// Binds cipher text to its file and its place there: a generation, or an offset in an open segment.
pub fn associated(role: Role, use_id: &UseId, place: u64) -> Vec<u8> {
    let mut out = b"spotter".to_vec();
    out.push(role.byte());
    out.extend_from_slice(use_id);
    out.extend_from_slice(&place.to_le_bytes());
    out
}

/// A whole file of a payload that is encrypted.
pub fn encrypted_bytes(role: Role, use_id: UseId, generation: u64, cipher: &[u8]) -> Vec<u8> {
    whole_file(Encryption::AesGcm, role, use_id, generation, cipher)
}

/// A whole file with this content.
pub async fn whole<C: Cipher>(
    vault: Option<&Vault<C>>,
    role: Role,
    use_id: UseId,
    generation: u64,
    content: &[u8],
    chance: &mut impl Entropy,
) -> Result<Vec<u8>, SealErr> {
    let Some(vault) = vault else { return Ok(sealed_bytes(role, use_id, generation, content)) };
    let about = associated(role, &use_id, generation);
    let cipher = C::encrypt(&vault.key, random(chance), &about, content).await?;
    Ok(encrypted_bytes(role, use_id, generation, &cipher))
}

/// What an open segment begins with.
pub async fn beginning<C: Cipher>(
    vault: Option<&Vault<C>>,
    plain: Vec<u8>,
    chance: &mut impl Entropy,
) -> Result<(UseId, Vec<u8>), SealErr> {
    let header = Header::decode(&plain)?;
    if vault.is_none() {
        return Ok((header.use_id, plain));
    }
    let mut out = Header { encryption: Encryption::AesGcm, ..header }.encode().to_vec();
    out.extend(frames(vault, &header.use_id, HEADER_LEN as u64, &plain[HEADER_LEN..], chance).await?);
    Ok((header.use_id, out))
}

/// Frames that go to this offset of an open segment, together.
pub async fn frames<C: Cipher>(
    vault: Option<&Vault<C>>,
    use_id: &UseId,
    at: u64,
    plain: &[u8],
    chance: &mut impl Entropy,
) -> Result<Vec<u8>, SealErr> {
    let Some(vault) = vault else { return Ok(plain.to_vec()) };
    let cipher = C::encrypt(&vault.key, random(chance), &associated(Role::Open, use_id, at), plain).await?;
    let mut out = Vec::new();
    encode_frame(use_id, FrameKind::Cipher, &cipher, &mut out);
    Ok(out)
}

/// A file as if it had never been encrypted. What cannot be decrypted stays as it is, and is damage to whoever reads on.
pub async fn plain<C: Cipher>(vault: Option<&Vault<C>>, bytes: Vec<u8>) -> Vec<u8> {
    let Ok(header) = Header::decode(&bytes) else { return bytes };
    let Some(vault) = vault else { return bytes };
    if header.encryption == Encryption::None {
        let known = !vault.strict || matches!(header.role, Role::Free | Role::Keys);
        return if known { bytes } else { refused(&header, &bytes) };
    }
    if header.role == Role::Open {
        let mut parts = Vec::new();
        for (at, cipher) in ciphers(&header.use_id, &bytes) {
            let about = associated(Role::Open, &header.use_id, at as u64);
            parts.push((at, C::decrypt(&vault.key, &about, cipher).await.ok()));
        }
        return decrypted(&header, &bytes, &parts);
    }
    match content(Some(vault), &bytes).await {
        Ok((_, content)) => sealed_bytes(header.role, header.use_id, header.generation, &content),
        Err(_) => bytes,
    }
}

/// What is in a whole file, once its hash or its seal holds.
pub async fn content<C: Cipher>(vault: Option<&Vault<C>>, bytes: &[u8]) -> Result<(Header, Vec<u8>), SealErr> {
    let header = Header::decode(bytes)?;
    match (header.encryption, vault) {
        (Encryption::None, Some(vault)) if vault.strict => Err(SealErr::Plain),
        (Encryption::None, _) => Ok((header, header.payload(bytes)?.to_vec())),
        (Encryption::AesGcm, Some(vault)) => {
            let about = associated(header.role, &header.use_id, header.generation);
            let content = C::decrypt(&vault.key, &about, header.cipher(bytes)?).await?;
            Ok((header, content))
        }
        (Encryption::AesGcm, None) => Err(SealErr::NoKey),
    }
}

/// A value of a database, bound to its name.
pub async fn value<C: Cipher>(
    vault: Option<&Vault<C>>,
    name: &str,
    plain: Vec<u8>,
    chance: &mut impl Entropy,
) -> Result<Vec<u8>, SealErr> {
    match vault {
        Some(vault) => C::encrypt(&vault.key, random(chance), name.as_bytes(), &plain).await,
        None => Ok(plain),
    }
}

/// One that an older build wrote is plain: whoever reads it finds out whether it makes sense.
pub async fn plain_value<C: Cipher>(vault: Option<&Vault<C>>, name: &str, bytes: Vec<u8>) -> Vec<u8> {
    match vault {
        Some(vault) => {
            let plain = C::decrypt(&vault.key, name.as_bytes(), &bytes).await;
            plain.unwrap_or_else(|_| if vault.strict { Vec::new() } else { bytes })
        }
        None => bytes,
    }
}
