//! Handing a connection over to the kernel's TLS.

use std::os::fd::AsFd;

use nbft_common::kdf::Hash;
use nix::libc;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{TcpTlsRx, TcpTlsTx, TcpUlp, TlsCryptoInfo};
use zeroize::Zeroize;

use crate::handshake::{Keys, TrafficKey};

/// The kernel encrypts and decrypts this connection from now on, from the first record of both sides on.
///
/// # Errors
/// The failed step, and why.
pub fn start(socket: &impl AsFd, keys: &Keys) -> Result<(), String> {
    setsockopt(socket, TcpUlp::default(), b"tls")
        .map_err(|errno| format!("the kernel has no TLS, is its module tls missing? ({})", errno.desc()))?;
    let mut send = info(keys.hash, &keys.send).ok_or("a key of the wrong length")?;
    let mut receive = info(keys.hash, &keys.receive).ok_or("a key of the wrong length")?;
    let done = setsockopt(socket, TcpTlsTx, &send).and_then(|()| setsockopt(socket, TcpTlsRx, &receive));
    wipe(&mut send);
    wipe(&mut receive);
    done.map_err(|errno| {
        format!(
            "the kernel does not take the keys, does it have AES-GCM? ({})",
            errno.desc()
        )
    })
}

/// A key in the form of the kernel, which divides the nonce's initial value in two.
fn info(hash: Hash, key: &TrafficKey) -> Option<TlsCryptoInfo> {
    let (salt, iv) = key.iv.split_first_chunk::<4>()?;
    let version = libc::TLS_1_3_VERSION;
    let iv = iv.try_into().ok()?;
    Some(match hash {
        Hash::Sha256 => TlsCryptoInfo::Aes128Gcm(libc::tls12_crypto_info_aes_gcm_128 {
            info: libc::tls_crypto_info {
                version,
                cipher_type: libc::TLS_CIPHER_AES_GCM_128,
            },
            iv,
            key: key.key.as_slice().try_into().ok()?,
            salt: *salt,
            rec_seq: [0; 8],
        }),
        Hash::Sha384 => TlsCryptoInfo::Aes256Gcm(libc::tls12_crypto_info_aes_gcm_256 {
            info: libc::tls_crypto_info {
                version,
                cipher_type: libc::TLS_CIPHER_AES_GCM_256,
            },
            iv,
            key: key.key.as_slice().try_into().ok()?,
            salt: *salt,
            rec_seq: [0; 8],
        }),
    })
}

fn wipe(info: &mut TlsCryptoInfo) {
    match info {
        TlsCryptoInfo::Aes128Gcm(info) => info.key.zeroize(),
        TlsCryptoInfo::Aes256Gcm(info) => info.key.zeroize(),
        TlsCryptoInfo::Chacha20Poly1305(_) => {}
    }
}
