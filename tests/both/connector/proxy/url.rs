//! URLs of proxies, as a session uses them.

use postroom::connector::Proxy;
use postroom::{Config, Kind, Protocol};

use super::{By, embedded, session, stream_to};
use crate::proxies::{KINDS, Scripted};

#[tokio::test]
async fn users_and_passwords_are_decoded() {
    let schemes: [&[&str]; 2] = [&["socks5h", "socks5", "socks"], &["http"]];
    for (kind, schemes) in KINDS.into_iter().zip(schemes) {
        for scheme in schemes {
            let url = format!("{scheme}://proxy-user:proxy%20s3cret%3A%2F%40%25%C3%A4@proxy.invalid:1080");
            let proxy = Proxy::from_url(&url).unwrap();
            assert!(!format!("{proxy:?}").contains("s3cret"));
            let scripted = Scripted::new(kind, true, By::server(&embedded()));
            let config = Config::new("nowhere.invalid").dangerous_plaintext();
            session(Protocol::Imap, config.connect_by(proxy.over(stream_to(&scripted)))).await.unwrap();
        }
    }
}

#[test]
fn what_is_no_url_of_a_proxy_is_refused_without_repeating_it() {
    for url in [
        "",
        "http://",
        "https://me:s3cret@proxy",
        "socks4://me:s3cret@proxy",
        "socks4a://proxy",
        "ftp://me:s3cret@proxy",
        "http://me:s3cret@proxy/s3cret",
        "http://me:s3cret@proxy?s3cret",
        "socks5h://me:s3cret@proxy#s3cret",
        "socks5h://me:s3cret@",
        "socks5h://me:s3cret@proxy:0",
        "socks5h://me:s3cret@proxy:65536",
        "socks5h://:s3cret@proxy",
        "socks5h://me@proxy",
        "socks5h://me:s3cret%FF@proxy",
        "http://me%3As3cret:s3cret@proxy",
        "socks5h://me:s3cret@pro xy",
        "socks5h://me:s3cret@pro%0D%0Axy",
    ] {
        let error = Proxy::from_url(url).unwrap_err();
        assert_eq!(error.kind(), Kind::Input, "{url}");
        let text = format!("{error} {error:#} {error:?}");
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[test]
fn hosts_and_ports_have_their_usual_forms() {
    for (url, expected) in [
        ("proxy", r#"Http, host: "proxy", port: 80"#),
        ("proxy:3128", r#"Http, host: "proxy", port: 3128"#),
        ("http://proxy/", r#"Http, host: "proxy", port: 80"#),
        ("http://[::1]:8080", r#"Http, host: "[::1]", port: 8080"#),
        ("SOCKS5H://proxy", r#"Socks5, host: "proxy", port: 1080"#),
        ("socks5h://[::1]", r#"Socks5, host: "[::1]", port: 1080"#),
        ("socks5h://127.0.0.1:9050", r#"Socks5, host: "127.0.0.1", port: 9050"#),
    ] {
        let text = format!("{:?}", Proxy::from_url(url).unwrap());
        assert!(text.contains(expected), "{text}");
    }
}
