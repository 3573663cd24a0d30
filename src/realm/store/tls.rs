//! How PostgreSQL is reached. Across a network only by TLS, with a certificate that is checked against the name; in the clear
//! only on this machine, or where the address says so by name.

use std::{future::Future, io, net::IpAddr, path::Path, pin::Pin, sync::Arc, task};

use postgres::{
    Client, Config, NoTls, Socket,
    config::{Host, SslMode},
    tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::{TlsConnector, client};

use super::StoreErr;

/// An address that was understood.
#[derive(Clone)]
pub(super) struct Address {
    config: Config,
    tls: Option<Arc<ClientConfig>>,
}

fn wrong(why: impl std::fmt::Display) -> StoreErr {
    StoreErr::Database(why.to_string())
}

impl Address {
    /// `postgres://…`, with `sslmode` and `sslrootcert` as elsewhere: without them TLS for every other machine.
    pub(super) fn parse(address: &str) -> Result<Self, StoreErr> {
        let (base, query) = address.split_once('?').unwrap_or((address, ""));
        let (mut mode, mut root, mut rest) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("sslmode", value) => mode = Some(value),
                ("sslrootcert", value) => root = Some(decoded(value)?),
                _ => rest.push(pair),
            }
        }
        let plain = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
        // What is wrong with an address is told without the address: a password may be in it.
        let mut config: Config = plain.parse().map_err(wrong)?;
        let encrypted = match mode {
            None => !is_near(&config),
            Some("disable") => false,
            Some("require" | "verify-ca" | "verify-full") => true,
            Some("allow" | "prefer") if is_near(&config) => false,
            Some(other) => {
                return Err(wrong(format!(
                    "sslmode={other}: say require, which checks the server's certificate, or disable, which sends passwords and rows \
                    in the clear"
                )));
            }
        };
        config.ssl_mode(if encrypted { SslMode::Require } else { SslMode::Disable });
        let tls = if encrypted { Some(Arc::new(client_config(root.as_deref())?)) } else { None };
        Ok(Self { config, tls })
    }

    pub(super) fn connect(&self) -> Result<Client, StoreErr> {
        match &self.tls {
            None => Ok(self.config.connect(NoTls)?),
            Some(tls) => self.config.connect(Tls(Arc::clone(tls))).map_err(|err| {
                let why = StoreErr::from(err);
                wrong(format!("{why}; it is reached over TLS, with a certificate that has its name and that sslrootcert or this machine trusts"))
            }),
        }
    }
}

/// Whether nothing leaves this machine.
fn is_near(config: &Config) -> bool {
    let near = |address: &IpAddr| address.is_loopback();
    if !config.get_hostaddrs().is_empty() {
        return config.get_hostaddrs().iter().all(near);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address| near(&address)),
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

/// `%2F` is a slash.
fn decoded(text: &str) -> Result<String, StoreErr> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = |at: usize| tail.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        (rest, _) = match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => (&tail[2..], out.push((high * 16 + low) as u8)),
            _ => (tail, out.push(*first)),
        };
    }
    String::from_utf8(out).map_err(wrong)
}

fn client_config(root: Option<&str>) -> Result<ClientConfig, StoreErr> {
    let mut roots = RootCertStore::empty();
    match root {
        Some(path) => {
            let named = |err: &dyn std::fmt::Display| wrong(format!("sslrootcert {path}: {err}"));
            for certificate in CertificateDer::pem_file_iter(Path::new(path)).map_err(|err| named(&err))? {
                roots.add(certificate.map_err(|err| named(&err))?).map_err(|err| named(&err))?;
            }
        }
        None => _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
    }
    if roots.is_empty() {
        return Err(wrong("no certificates to trust were found: name a file of them with sslrootcert"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(wrong)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

struct Tls(Arc<ClientConfig>);

struct Greeting {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Stream;
    type TlsConnect = Greeting;
    type Error = rustls::pki_types::InvalidDnsNameError;

    fn make_tls_connect(&mut self, name: &str) -> Result<Greeting, Self::Error> {
        Ok(Greeting { connector: TlsConnector::from(Arc::clone(&self.0)), name: ServerName::try_from(name.to_owned())? })
    }
}

impl TlsConnect<Socket> for Greeting {
    type Stream = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move { Ok(Stream(Box::new(self.connector.connect(self.name, socket).await?))) })
    }
}

struct Stream(Box<client::TlsStream<Socket>>);

impl TlsStream for Stream {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>, buf: &mut ReadBuf<'_>) -> task::Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>, buf: &[u8]) -> task::Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> task::Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> task::Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Read as _, net::TcpListener};

    use super::*;

    #[test]
    fn only_this_machine_is_reached_in_the_clear_unless_it_is_asked_for() {
        let in_the_clear = |address: &str| Address::parse(address).map(|address| address.tls.is_none());
        for near in [
            "postgres://u@localhost/d",
            "postgres://u:p%40ss@127.0.0.1:5433/d",
            "postgres://u@[::1]/d",
            "postgres://u@%2Frun%2Fpostgresql/d",
            "postgres:///d?host=/run/postgresql&sslmode=prefer",
            "postgres://u@db.example/d?hostaddr=127.0.0.1",
            "postgres://u@db.example/d?sslmode=disable",
            "postgresql://u@10.0.0.7/d?application_name=spotter&sslmode=disable",
        ] {
            assert_eq!(in_the_clear(near), Ok(true), "{near}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("root of all.pem");
        std::fs::write(&root, include_str!("../../../tests/server/root.pem")).expect("written");
        let root = root.to_string_lossy().replace(' ', "%20");
        for far in [
            "postgres://u@db.example/d?",
            "postgres://u@10.0.0.7/d?sslmode=require&",
            "postgres://u@localhost,db.example/d?",
            "postgres://u@localhost/d?hostaddr=10.0.0.7&",
            "postgres://u@localhost/d?sslmode=verify-full&",
        ] {
            assert_eq!(in_the_clear(&format!("{far}sslrootcert={root}")), Ok(false), "{far}");
        }
        for refused in ["prefer", "allow", "", "never", "Disable"] {
            let err = in_the_clear(&format!("postgres://u:secret@db.example/d?sslmode={refused}")).expect_err(refused);
            assert!(!err.to_string().contains("secret"), "{err}");
        }
    }

    /// Somebody on the way who says that the server knows no TLS learns nothing.
    #[test]
    fn a_server_that_refuses_tls_is_told_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("root.pem");
        std::fs::write(&root, include_str!("../../../tests/server/root.pem")).expect("written");
        let root = root.display();
        let address = format!("postgres://u:secret@localhost:{port}/d?hostaddr=127.0.0.1&sslmode=require&sslrootcert={root}");
        let address = Address::parse(&address).expect("understood");
        std::thread::scope(|scope| {
            let heard = scope.spawn(|| {
                let (mut socket, _) = listener.accept().expect("somebody comes");
                let mut first = [0; 8];
                socket.read_exact(&mut first).expect("the question for TLS");
                std::io::Write::write_all(&mut socket, b"N").expect("answered");
                let mut rest = Vec::new();
                let _ = socket.read_to_end(&mut rest);
                (first, rest)
            });
            let err = address.connect().map(drop).expect_err("no TLS, no connection");
            let (first, rest) = heard.join().expect("it listened");
            assert_eq!((first, rest), ([0, 0, 0, 8, 4, 210, 22, 47], Vec::new()), "{err}");
        });
    }
}
