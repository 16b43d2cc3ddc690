//! A server of s2n with one external key, which sends everything back: `nbft-s2n PORT IDENTITY KEY`, the key in hexadecimal.

use std::error::Error;

use s2n_tls::config::Config;
use s2n_tls::connection::{Builder, Connection};
use s2n_tls::enums::{Mode, PskHmac};
use s2n_tls::psk::Psk;
use s2n_tls::security::Policy;
use s2n_tls_tokio::TlsAcceptor;
use tokio::io::{copy, split};
use tokio::net::TcpListener;

/// Makes connections that know the key.
#[derive(Clone)]
struct Keyed {
    config: Config,
    identity: Vec<u8>,
    key: Vec<u8>,
}

impl Builder for Keyed {
    type Output = Connection;

    fn build_connection(&self, mode: Mode) -> Result<Connection, s2n_tls::error::Error> {
        let mut psk = Psk::builder()?;
        psk.set_identity(&self.identity)?;
        psk.set_secret(&self.key)?;
        psk.set_hmac(if self.key.len() == 48 { PskHmac::SHA384 } else { PskHmac::SHA256 })?;
        let mut connection = Connection::new(mode);
        connection.set_config(self.config.clone())?;
        connection.append_psk(&psk.build()?)?;
        Ok(connection)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, identity, key] = &arguments[..] else {
        return Err("usage: nbft-s2n PORT IDENTITY KEY".into());
    };
    let mut config = Config::builder();
    config.set_security_policy(&Policy::from_version("default_tls13")?)?;
    let digits = |at: usize| u8::from_str_radix(&key[at..at + 2], 16);
    let keyed = Keyed {
        config: config.build()?,
        identity: identity.clone().into_bytes(),
        key: (0..key.len()).step_by(2).map(digits).collect::<Result<_, _>>()?,
    };
    let acceptor = TlsAcceptor::new(keyed);
    let listener = TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        // A handshake that fails is the client's to report.
        if let Ok(stream) = acceptor.accept(stream).await {
            let (mut reader, mut writer) = split(stream);
            let _ = copy(&mut reader, &mut writer).await;
        }
    }
}
