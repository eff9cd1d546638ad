//! Reads URLs of proxies. No error repeats a URL, because it may contain a password.

use percent_encoding::percent_decode_str;
use url::Url;

use super::{Proxy, Spoken};
use crate::error::{Error, Result};

impl Proxy {
    /// The proxy of a URL.
    ///
    /// | URL | means |
    /// |---|---|
    /// | `socks5h://host:port` | SOCKS5, port 1080 if none is given |
    /// | `socks5://`, `socks://` | the same. Elsewhere they may mean that names are looked up before the proxy is asked; here the proxy always does it |
    /// | `http://host:port`, `host:port` | HTTP CONNECT, port 80 if none is given |
    ///
    /// Each may have a user and a password, percent-encoded: `socks5h://user:password@host:port`. The URL should then not come from a command
    /// line, which others can see; see [`login`](Self::login). Other schemes are refused: SOCKS4 has no passwords, and TLS to the proxy
    /// (`https://`) is not supported.
    ///
    /// ```
    /// use postroom::connector::Proxy;
    ///
    /// let proxy = Proxy::from_url("socks5h://me:secret@proxy.example.org")?;
    /// assert!(!format!("{proxy:?}").contains("secret"));
    /// assert!(Proxy::from_url("https://proxy.example.org").is_err());
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for other schemes, a path, a query, and a host, user or password that cannot be used.
    pub fn from_url(url: &str) -> Result<Self> {
        let full = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let url =
            Url::parse(&full).map_err(|error| Error::input("the proxy's URL cannot be read").with_source(error))?;
        let (protocol, usual) = scheme(url.scheme())?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(Error::input("the proxy's URL has a path, a query or a fragment, which mean nothing here"));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| Error::input("the proxy's URL names no host"))?;
        let port = url.port().unwrap_or(usual);
        let proxy = Self { protocol, ..Self::socks5(decode(host)?, port) };
        let proxy = match (decode(url.username())?, url.password()) {
            (user, None) if user.is_empty() => proxy,
            (user, password) => proxy.login(user, decode(password.unwrap_or_default())?),
        };
        proxy.check()?;
        Ok(proxy)
    }
}

fn scheme(scheme: &str) -> Result<(Spoken, u16)> {
    match scheme {
        "socks5h" | "socks5" | "socks" => Ok((Spoken::Socks5, 1080)),
        "http" => Ok((Spoken::Http, 80)),
        "https" => Err(Error::input("a proxy that is reached by TLS (https://) is not supported")),
        "socks4" | "socks4a" => Err(Error::input("SOCKS4 is not supported; use socks5h://")),
        _ => Err(Error::input("the scheme of the proxy's URL must be socks5h or http")),
    }
}

fn decode(text: &str) -> Result<String> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| Error::input("the proxy's URL has a percent-encoded part that is not UTF-8"))?;
    Ok(decoded.into_owned())
}
