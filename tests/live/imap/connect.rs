//! Ways to connect, and connections that must be refused.

use postroom::imap::Imap;
use postroom::{Config, Kind, Login};

use super::login::{nothing_that_shows_the_password_is_sent_in_clear, overheard, refused};
use super::session;
use crate::live::{config, imap_config, login, whole};
use crate::server::Brand;
use crate::suite::Trial;

pub(crate) async fn implicit_tls_logs_in_and_out(user: &Trial) {
    let imap = session(user).await;
    assert!(imap.capabilities().idle() && imap.capabilities().uidplus() == user.server.has_uidplus());
    imap.noop().await.unwrap();
    imap.logout().await.unwrap();
}

pub(crate) async fn starttls_logs_in_encrypted(user: &Trial) {
    let imap =
        Imap::connect(config(&user.server, "localhost", user.server.imap).starttls(), login(user)).await.unwrap();
    imap.noop().await.unwrap();
    imap.logout().await.unwrap();
}

pub(crate) async fn starttls_shows_nothing_of_the_login_on_the_wire(user: &Trial) {
    let config = config(&user.server, "localhost", user.server.imap).starttls();
    let (result, sent) = overheard(user, "127.0.0.1", config, login(user)).await;
    result.unwrap();
    assert!(sent.contains("STARTTLS"), "{sent}");
    assert!(!sent.contains("LOGIN") && !sent.contains("AUTHENTICATE") && !sent.contains(&user.name), "{sent}");
}

pub(crate) async fn plaintext_works_where_it_is_spelled_dangerous(user: &Trial) {
    let config = config(&user.server, "127.0.0.1", user.server.imap).dangerous_plaintext();
    Imap::connect(config, login(user)).await.unwrap().logout().await.unwrap();
}

pub(crate) async fn a_url_is_as_good_as_a_configuration(user: &Trial) {
    let url = format!("imap+starttls://{}@localhost:{}/INBOX", user.name, user.server.imap);
    let config: Config = url.parse().unwrap();
    let config = config.add_root_pem(user.server.ca_pem.as_bytes()).unwrap();
    assert_eq!((config.user(), config.mailbox()), (Some(&*user.name), Some("INBOX")));
    Imap::connect(config, login(user)).await.unwrap().logout().await.unwrap();
}

pub(crate) async fn logindisabled_is_obeyed_and_no_password_is_sent(user: &Trial) {
    nothing_that_shows_the_password_is_sent_in_clear(user).await;
}

pub(crate) async fn starttls_opens_the_server_that_disabled_plain_logins(user: &Trial) {
    let config = config(&user.server, "127.0.0.4", user.server.imap).server_name("localhost").starttls();
    Imap::connect(config, login(user)).await.unwrap().logout().await.unwrap();
}

pub(crate) async fn an_expired_certificate_is_refused(user: &Trial) {
    let server = &user.server;
    for (port, starttls) in [(server.imaps, false), (server.imap, true)] {
        let config = config(server, "127.0.0.2", port).server_name("localhost");
        let error = refused(if starttls { config.starttls() } else { config }, login(user)).await;
        assert_eq!(error.kind(), Kind::Tls);
        assert!(whole(&error).to_lowercase().contains("expired"), "{}", whole(&error));
    }
}

pub(crate) async fn a_certificate_for_another_host_is_refused(user: &Trial) {
    let server = &user.server;
    for (port, starttls) in [(server.imaps, false), (server.imap, true)] {
        let config = config(server, "127.0.0.3", port).server_name("localhost");
        let error = refused(if starttls { config.starttls() } else { config }, login(user)).await;
        assert_eq!(error.kind(), Kind::Tls);
        assert!(whole(&error).contains("not valid for name"), "{}", whole(&error));
    }
}

pub(crate) async fn an_unknown_issuer_is_refused(user: &Trial) {
    let unknown = match user.server.has_implicit_tls() {
        true => Config::new("localhost").port(user.server.imaps),
        false => Config::new("localhost").port(user.server.imap).starttls(),
    };
    let error = refused(unknown, login(user)).await;
    assert_eq!(error.kind(), Kind::Tls);
    assert!(whole(&error).contains("UnknownIssuer"), "{}", whole(&error));
}

pub(crate) async fn tls_on_the_plaintext_port_is_a_typed_error(user: &Trial) {
    let error = refused(config(&user.server, "localhost", user.server.imap), login(user)).await;
    assert_eq!(error.kind(), Kind::Tls, "{}", whole(&error));
}

pub(crate) async fn a_wrong_password_is_a_login_error_that_does_not_tell_it(user: &Trial) {
    let login = Login::password(&user.name, "not-this-one");
    let error = refused(imap_config(&user.server), login).await;
    assert_eq!(error.kind(), Kind::Login);
    assert!(!error.is_retryable());
    // Cyrus and Courier report it only in words.
    if matches!(user.brand(), Brand::Dovecot | Brand::Embedded) {
        assert!(error.code().is_some_and(|code| code.is("AUTHENTICATIONFAILED")), "{error:?}");
    }
    assert!(!format!("{error:?}{}", whole(&error)).contains("not-this-one"));
}

pub(crate) async fn a_nasty_password_logs_in_by_login_and_by_authenticate(user: &Trial) {
    let nasty = user.nasty();
    let config = || imap_config(&user.server);
    let by_sasl = login(&nasty).only(["PLAIN"]);
    Imap::connect(config(), by_sasl).await.unwrap().logout().await.unwrap();
    let by_command = login(&nasty).protocol_command_only();
    Imap::connect(config(), by_command).await.unwrap().logout().await.unwrap();
}

/// With a certificate to show, by both kinds of TLS.
fn identified(user: &Trial) -> [Config; 2] {
    let (chain, key) = &user.server.client;
    [(user.server.imaps, false), (user.server.imap, true)].map(|(port, starttls)| {
        let config = config(&user.server, "localhost", port);
        let config = config.client_certificate_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        if starttls { config.starttls() } else { config }
    })
}

pub(crate) async fn a_server_that_asks_for_certificates_and_breaks_resumed_handshakes_off_is_reached_again_and_again(
    user: &Trial,
) {
    for config in identified(user) {
        for _ in 0..4 {
            Imap::connect(config.clone(), login(user)).await.unwrap().logout().await.unwrap();
        }
    }
    // The server's log confirms that this really happened.
    assert!(user.server.log().contains("session id context uninitialized"), "{}", user.server.log());
}
