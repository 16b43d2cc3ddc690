//! Keys for TLS: from the interchange form to the identity and the key that the handshake uses (NVMe/TCP Transport
//! Specification, sections on the configured, retained and TLS PSK).

use base64ct::{Base64, Encoding};
use nbft_common::kdf::{self, Hash};

use crate::crc;
use crate::secret::Secret;

/// A key with the name under which the kernel and the handshake agent find it.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsKey {
    /// Description of the key in the kernel's keyring, and the identity that the target sees.
    pub identity: String,
    /// The key itself.
    pub key: kdf::Secret,
}

impl std::fmt::Debug for TlsKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TlsKey({}, not shown)", self.identity)
    }
}

/// The hash identifier in the names of keys.
fn id(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha256 => "01",
        Hash::Sha384 => "02",
    }
}

/// A key out of another one.
fn derived(hash: Hash, key: &[u8], label: &str, context: &str) -> Option<kdf::Secret> {
    hash.expand_label(&hash.extract(&[], key), label, context.as_bytes(), hash.length())
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
        let key = || {
            let retained = match transform {
                Some(hash) => derived(hash, &configured, "HostNQN", hostnqn)?,
                None => configured.clone(),
            };
            let id = id(hash);
            let digest = hash.hmac(&retained, format!("{hostnqn} {subsysnqn} NVMe-over-Fabrics").as_bytes());
            let digest = Base64::encode_string(&digest);
            Some(Self {
                key: derived(hash, &retained, "nvme-tls-psk", &format!("{id} {digest}"))?,
                identity: format!("NVMe1R{id} {hostnqn} {subsysnqn} {digest}"),
            })
        };
        key().ok_or_else(|| "an NQN is too long for a TLS key".to_owned())
    }
}

/// The hash of the transformation, and the configured key.
fn read(text: &str) -> Result<(Option<Hash>, kdf::Secret), String> {
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
