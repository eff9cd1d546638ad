//! Ways to connect, and connections that must be refused.

use postroom::pop3::Pop3;
use postroom::{Config, Kind, Login};

use super::login::{nothing_that_shows_the_password_is_sent_in_clear, overheard, refused};
use super::open;
use crate::live::{config, login, pop3_config, whole};
use crate::server::{Brand, PASSWORD};
use crate::suite::Trial;

pub(crate) async fn implicit_tls_logs_in_and_out(user: &Trial) {
    let pop = open(user).await;
    assert!(pop.capabilities().uidl() && pop.capabilities().pipelining());
    pop.noop().await.unwrap();
    pop.quit().await.unwrap();
}

pub(crate) async fn stls_shows_nothing_of_the_login_on_the_wire(user: &Trial) {
    let config = config(&user.server, "localhost", user.server.pop3).starttls();
    let (result, sent) = overheard(user, "127.0.0.1", config, login(user)).await;
    result.unwrap();
    assert!(sent.contains("STLS"), "{sent}");
    assert!(!["USER", "PASS", "AUTH", "NOOP", "QUIT"].iter().any(|word| sent.contains(&format!("{word} "))), "{sent}");
}

pub(crate) async fn stls_logs_in_over_a_socket(user: &Trial) {
    let config = config(&user.server, "localhost", user.server.pop3).starttls();
    Pop3::connect(config, login(user)).await.unwrap().quit().await.unwrap();
}

pub(crate) async fn plaintext_works_where_it_is_spelled_dangerous(user: &Trial) {
    let config = config(&user.server, "127.0.0.1", user.server.pop3).dangerous_plaintext();
    Pop3::connect(config, login(user)).await.unwrap().quit().await.unwrap();
}

pub(crate) async fn a_server_that_wants_tls_gets_no_password_without_it(user: &Trial) {
    nothing_that_shows_the_password_is_sent_in_clear(user).await;

    let upgraded = config(&user.server, "127.0.0.4", user.server.pop3).server_name("localhost").starttls();
    Pop3::connect(upgraded, login(user)).await.unwrap().quit().await.unwrap();
}

pub(crate) async fn certificates_that_are_expired_foreign_or_unknown_are_refused(user: &Trial) {
    let server = &user.server;
    let known = |host, port| config(server, host, port).server_name("localhost");
    let cases = [
        (known("127.0.0.2", server.pop3s), "xpired"),
        (known("127.0.0.2", server.pop3).starttls(), "xpired"),
        (known("127.0.0.3", server.pop3s), "not valid for name"),
        (known("127.0.0.3", server.pop3).starttls(), "not valid for name"),
        (Config::new("localhost").port(server.pop3s), "UnknownIssuer"),
        (Config::new("localhost").port(server.pop3).starttls(), "UnknownIssuer"),
    ];
    for (config, why) in cases {
        let error = refused(config, login(user)).await;
        assert_eq!(error.kind(), Kind::Tls);
        assert!(whole(&error).contains(why), "{}", whole(&error));
    }
}

pub(crate) async fn a_wrong_password_is_a_login_error_that_does_not_tell_it(user: &Trial) {
    // RESP-CODES are missing.
    let is_terse = user.brand() == Brand::Courier || user.server.is_plain();
    for by_sasl in [true, false] {
        if by_sasl && !user.server.has_pop3_sasl() {
            continue;
        }
        let login = Login::password(&user.name, "not-this-one");
        let login = if by_sasl { login.only(["PLAIN"]) } else { login.protocol_command_only() };
        let error = refused(pop3_config(&user.server), login).await;
        assert_eq!(error.kind(), Kind::Login);
        assert!(!error.is_retryable());
        assert!(is_terse || error.code().is_some_and(|code| code.is("AUTH")), "{error:?}");
        assert!(!format!("{error:?}{}", whole(&error)).contains("not-this-one"));
    }
}

pub(crate) async fn a_nasty_password_logs_in_by_auth_and_by_pass_only_as_utf8(user: &Trial) {
    let nasty = user.nasty();
    let config = || config(&user.server, "localhost", user.server.pop3s);
    let by_sasl = login(&nasty).only(["PLAIN"]);
    let takes_utf8 = match Pop3::connect(config(), by_sasl).await {
        Ok(pop3) => {
            let takes_utf8 = pop3.capabilities().utf8_user();
            pop3.quit().await.unwrap();
            takes_utf8
        }
        Err(error) => {
            assert!(!user.server.has_pop3_sasl() && error.kind() == Kind::Unsupported, "{error:?}");
            false
        }
    };
    let by_command = login(&nasty).protocol_command_only();
    match takes_utf8 {
        true => Pop3::connect(config(), by_command).await.unwrap().quit().await.unwrap(),
        // RFC 1939 §3: arguments are ASCII.
        false => assert_eq!(refused(config(), by_command).await.kind(), Kind::Input),
    }
}

pub(crate) async fn without_capa_the_session_does_what_it_can(user: &Trial) {
    let pop = open(user).await;
    assert!(!pop.capabilities().uidl() && !pop.capabilities().pipelining());
    user.fallback("POP3 CAPA", "refused; what it would announce is tried when it is needed");
    pop.noop().await.unwrap();
    pop.quit().await.unwrap();
}

pub(crate) async fn without_stls_no_password_is_sent(user: &Trial) {
    let config = config(&user.server, "127.0.0.1", user.server.pop3).starttls();
    let (result, sent) = overheard(user, "127.0.0.1", config, login(user)).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), Kind::Tls, "{}", whole(&error));
    assert!(!sent.contains("USER") && !sent.contains(PASSWORD), "{sent}");
    user.unsupported("POP3 STLS", "refused; no password is sent");
}
