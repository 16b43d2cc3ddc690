//! Keys for TLS: from the interchange form to the identity and the key that the handshake uses (NVMe/TCP Transport
//! Specification, sections on the configured, retained and TLS PSK).

use base64ct::{Base64, Encoding};
use hkdf::{GenericHkdf, HmacImpl};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384};
use zeroize::Zeroizing;

use crate::crc;
use crate::secret::Secret;

/// A key with the name under which the kernel and the handshake agent find it.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsKey {
    /// Description of the key in the kernel's keyring, and the identity that the target sees.
    pub identity: String,
    /// The key itself.
    pub key: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for TlsKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TlsKey({}, not shown)", self.identity)
    }
}

/// The hash that a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha384,
}

impl Hash {
    /// HKDF-Expand-Label of TLS 1.3 (RFC 8446, section 7.1) over HKDF-Extract without salt.
    fn expand(self, key: &[u8], label: &str, context: &str) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Sha256 => expand::<Hmac<Sha256>>(key, label, context, 32),
            Self::Sha384 => expand::<Hmac<Sha384>>(key, label, context, 48),
        }
    }

    /// HMAC in base64.
    fn hmac(self, key: &[u8], text: &str) -> Option<String> {
        let digest = match self {
            Self::Sha256 => mac::<Hmac<Sha256>>(key, text)?,
            Self::Sha384 => mac::<Hmac<Sha384>>(key, text)?,
        };
        Some(Base64::encode_string(&digest))
    }

    /// The hash identifier in the names of keys.
    fn id(self) -> &'static str {
        match self {
            Self::Sha256 => "01",
            Self::Sha384 => "02",
        }
    }
}

fn expand<H: HmacImpl>(key: &[u8], label: &str, context: &str, length: u8) -> Option<Zeroizing<Vec<u8>>> {
    let label = format!("tls13 {label}");
    let lengths = [label.len(), context.len()].map(u8::try_from);
    let [Ok(label_length), Ok(context_length)] = lengths else {
        return None;
    };
    let mut output = Zeroizing::new(vec![0; usize::from(length)]);
    let info: [&[u8]; 5] = [
        &[0, length],
        &[label_length],
        label.as_bytes(),
        &[context_length],
        context.as_bytes(),
    ];
    let kdf = GenericHkdf::<H>::new(None, key);
    kdf.expand_multi_info(&info, &mut output).ok()?;
    Some(output)
}

fn mac<M: Mac + KeyInit>(key: &[u8], text: &str) -> Option<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    mac.update(text.as_bytes());
    Some(mac.finalize().into_bytes().to_vec())
}

impl TlsKey {
    /// Derives the key of a host for a subsystem from the interchange form `NVMeTLSkey-1:HH:BASE64:`.
    ///
    /// # Errors
    /// The reason why the text is no such key. It never repeats the text.
    pub fn derive(interchange: &Secret, hostnqn: &str, subsysnqn: &str) -> Result<Self, String> {
        let (transform, configured) = read(interchange.expose())?;
        let hash = match (transform, configured.len()) {
            (Some(hash), _) => hash,
            (None, 48) => Hash::Sha384,
            (None, _) => Hash::Sha256,
        };
        let derived = || {
            let retained = match transform {
                Some(hash) => hash.expand(&configured, "HostNQN", hostnqn)?,
                None => configured.clone(),
            };
            let id = hash.id();
            let digest = hash.hmac(&retained, &format!("{hostnqn} {subsysnqn} NVMe-over-Fabrics"))?;
            Some(Self {
                key: hash.expand(&retained, "nvme-tls-psk", &format!("{id} {digest}"))?,
                identity: format!("NVMe1R{id} {hostnqn} {subsysnqn} {digest}"),
            })
        };
        derived().ok_or_else(|| "an NQN is too long for a TLS key".to_owned())
    }
}

/// The hash of the transformation, and the configured key.
fn read(text: &str) -> Result<(Option<Hash>, Zeroizing<Vec<u8>>), String> {
    let rest = text
        .strip_prefix("NVMeTLSkey-1:")
        .ok_or("it does not begin with NVMeTLSkey-1:")?;
    let (hash, rest) = rest.split_once(':').ok_or("no colon ends its hash identifier")?;
    let key = rest.strip_suffix(':').ok_or("no colon ends it")?;
    let (hash, lengths): (_, &[usize]) = match hash {
        "00" => (None, &[32, 48]),
        "01" => (Some(Hash::Sha256), &[32]),
        "02" => (Some(Hash::Sha384), &[48]),
        _ => return Err("its hash identifier is none of 00, 01 and 02".to_owned()),
    };
    crc::checked_key(key, lengths).map(|key| (hash, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "nqn.psk-test-host";
    const SUBSYSTEM: &str = "nqn.psk-test-subsys";
    const SHA256: &str = "NVMeTLSkey-1:01:VRLbtnN9AQb2WXW3c9+wEf/DRLz0QuLdbYvEhwtdWwNf9LrZ:";
    const SHA384: &str = "NVMeTLSkey-1:02:VRLbtnN9AQb2WXW3c9+wEf/DRLz0QuLdbYvEhwtdWwP/w0S89ELi3W2LxIcLXVsDn8kXZQ==:";

    fn derive(text: &str) -> Result<TlsKey, String> {
        TlsKey::derive(&Secret::new(text.to_owned()), HOST, SUBSYSTEM)
    }

    /// The identities of the first two are those of libnvme 1.16's own tests; all the rest is what its `nvme check-tls-key`
    /// put into a kernel's keyring.
    #[test]
    fn known_answers() {
        for (text, identity, key) in [
            (
                SHA256.to_owned(),
                "NVMe1R01 nqn.psk-test-host nqn.psk-test-subsys iSbjiStwJ/1TrTvDlt2fjFmzvsytOJelidNnA+X5lEU=",
                "8fc3c0badfd4c0c66fa3ca33aadd0314f85536cc9bc47338b60f3e6e563786ca",
            ),
            (
                SHA384.to_owned(),
                "NVMe1R02 nqn.psk-test-host nqn.psk-test-subsys \
                 QhW2+Rp6RzHlNtCslyRxMnwJ11tKKhz8JCAQpQ+XUD8f9td1VeH5h53yz2wKJG1a",
                "a2b2f943f479fc682555cec89857c80ed004ce92f32a973d5764155bb7e36b17\
                 a85368a0666d250afac9282dda2e62ca",
            ),
            (
                SHA256.replace(":01:", ":00:"),
                "NVMe1R01 nqn.psk-test-host nqn.psk-test-subsys quJVUJjp/BImWR0UQay/MjSfEgyAr6TyBOWybS/B404=",
                "a45d08ee4639c7570729bb3e57e905e466a49a15ece5401af906830c4d3bdb0b",
            ),
            (
                SHA384.replace(":02:", ":00:"),
                "NVMe1R02 nqn.psk-test-host nqn.psk-test-subsys \
                 dyoPfSR5TBRaPMI5/FXUlJv2XMDtmQ7Q9Xrj89aBKbyRYkQeT5V1wNvIpnMDRTQW",
                "1569317890995e207ab4cf148bc53470561e148030cb019b1d87fb4bc5794a79\
                 1ed5ee68676c952ce5f11f3786e900d4",
            ),
        ] {
            let derived = derive(&text).expect("a key");
            let hex: String = derived.key.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!((derived.identity.as_str(), hex.as_str()), (identity, key));
        }
    }

    #[test]
    fn keys_are_checked() {
        for (text, why) in [
            (SHA256.replace("-1:", "-2:"), "begin with NVMeTLSkey-1:"),
            (SHA256.replace(":01:", ":03:"), "00, 01 and 02"),
            (SHA256.replace(":01:", ":02:"), "its key has 32 bytes, not 48"),
            (SHA256.replace("Nf9LrZ", "Nf9LrA"), "checksum"),
            (SHA256.trim_end_matches(':').to_owned(), "no colon ends it"),
            ("NVMeTLSkey-1:01:!!!!:".to_owned(), "not base64"),
            ("NVMeTLSkey-1:01:AAAA:".to_owned(), "its key has 0 bytes"),
        ] {
            let message = derive(&text).expect_err(&text);
            assert!(message.contains(why) && !message.contains("VRLb"), "{text}: {message}");
        }
    }
}
