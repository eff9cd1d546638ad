//! Logins by every mechanism, and the results of wrong ones; the same for both protocols, whose login is `login`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use postroom::{Config, Error, Kind, Login, Recorder, Secret, TokenError};

use super::login::{AUTHENTICATE, SHOWING, enter, over, plain_port, secure, tls_port};
use crate::live::{config, login, recorded, whole};
use crate::relay::Relay;
use crate::server::PASSWORD;
use crate::server::token::{MASTER, token};
use crate::suite::Trial;

/// The strongest first.
const PASSWORDS: [&str; 13] = [
    "SCRAM-SHA-512-PLUS",
    "SCRAM-SHA-384-PLUS",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-224-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-384",
    "SCRAM-SHA-256",
    "SCRAM-SHA-224",
    "SCRAM-SHA-1",
    "CRAM-MD5",
    "PLAIN",
    "LOGIN",
];
/// Those of every Dovecot.
const DOVECOT: [&str; 5] = ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"];

/// Why there is no session.
pub(crate) async fn refused(config: Config, login: Login) -> Error {
    enter(config, login).await.expect_err("this login must not succeed")
}

/// The result of a session on the port without TLS, and everything that is sent to the server.
pub(crate) async fn overheard(user: &Trial, host: &str, config: Config, login: Login) -> (Result<(), Error>, String) {
    let (stream, sent) = recorded(host, plain_port(&user.server)).await;
    let result = over(stream, config, login).await;
    let sent = String::from_utf8_lossy(&sent.lock().unwrap()).into_owned();
    (result, sent)
}

/// The same without encryption, if the server refuses mechanisms there that reveal the password.
pub(crate) async fn overheard_in_clear(user: &Trial, login: Login) -> (Result<(), Error>, String) {
    let config = config(&user.server, "127.0.0.4", plain_port(&user.server)).dangerous_plaintext();
    overheard(user, "127.0.0.4", config, login).await
}

/// A mechanism that does not reveal the password may be accepted all the same.
pub(crate) async fn nothing_that_shows_the_password_is_sent_in_clear(user: &Trial) {
    for shown in [login(user).protocol_command_only(), login(user).only(["PLAIN", "LOGIN"])] {
        let (result, sent) = overheard_in_clear(user, shown).await;
        let error = result.unwrap_err();
        assert!(matches!(error.kind(), Kind::Input | Kind::Unsupported), "{error:?}");
        assert!(!SHOWING.iter().any(|command| sent.contains(command)) && !sent.contains(PASSWORD), "{sent}");
    }
}

/// For servers with other offers: what is not offered is not tried.
pub(crate) async fn every_password_mechanism_that_is_offered_logs_in(user: &Trial) {
    let mut tried = 0;
    for mechanism in PASSWORDS {
        match enter(secure(user), login(user).only([mechanism])).await {
            Err(error) if error.kind() == Kind::Unsupported => continue,
            result => result.unwrap_or_else(|error| panic!("{mechanism}: {}", whole(&error))),
        }
        tried += 1;
        let wrong = Login::password(&user.name, "not-this-one").only([mechanism]);
        let error = enter(secure(user), wrong).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Login, "{mechanism}: {}", whole(&error));
        assert!(!format!("{error:?}{}", whole(&error)).contains("not-this-one"));
    }
    assert!(tried > 0, "no mechanism is offered at all");
}

pub(crate) async fn all_of_them_are_offered_and_the_strongest_is_taken(user: &Trial) {
    for mechanism in DOVECOT {
        enter(secure(user), login(user).only([mechanism])).await.unwrap();
        let nasty = user.nasty();
        enter(secure(user), login(&nasty).only([mechanism])).await.unwrap();
    }
    let (result, sent) = overheard_in_clear(user, login(user)).await;
    result.unwrap();
    assert!(sent.contains(&format!("{AUTHENTICATE} SCRAM-SHA-256")) && !sent.contains(PASSWORD), "{sent}");
}

pub(crate) async fn tokens_log_in_and_an_expired_one_is_renewed_once(user: &Trial) {
    for mechanism in ["OAUTHBEARER", "XOAUTH2"] {
        let fixed = |expired| Login::oauth_token(&user.name, token(&user.name, expired)).only([mechanism]);
        enter(secure(user), fixed(false)).await.unwrap();
        let error = enter(secure(user), fixed(true)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Login, "{}", whole(&error));
        // RFC 7628 or HTTP: "invalid_token" or the status 401, in words either way.
        assert!(whole(&error).contains("the token is not valid or has expired"), "{}", whole(&error));
        assert!(!whole(&error).contains(&token(&user.name, true)));

        for (renewed, asks) in [(false, 2), (true, 2)] {
            let (asked, name) = (Arc::new(AtomicUsize::new(0)), user.name.clone());
            let count = asked.clone();
            let login = Login::oauth(&user.name, move |refused: bool| {
                // Two expired tokens differ, so that the second is worth a try.
                let stale = format!("{}{}", token(&name, true), count.fetch_add(1, Ordering::Relaxed));
                let token = if refused && renewed { token(&name, false) } else { stale };
                async move { Ok::<_, TokenError>(Secret::from(token)) }
            });
            let result = enter(secure(user), login.only([mechanism])).await.map_err(|error| error.kind());
            assert_eq!(result, if renewed { Ok(()) } else { Err(Kind::Login) });
            assert_eq!(asked.load(Ordering::Relaxed), asks);
        }
    }
    let foreign = Login::oauth_token("somebody-else", token(&user.name, false));
    assert_eq!(enter(secure(user), foreign).await.unwrap_err().kind(), Kind::Login);
}

pub(crate) async fn a_client_certificate_is_a_login_for_whom_it_names(user: &Trial) {
    let (certificate, key) = &user.server.client;
    let shown = || secure(user).client_certificate_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    enter(shown(), Login::external("alice")).await.unwrap();
    enter(shown(), Login::external("alice").authorize_as("alice")).await.unwrap();
    let error = enter(secure(user), Login::external("alice")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Login, "{}", whole(&error));
}

pub(crate) async fn nobody_in_particular_logs_in(user: &Trial) {
    for trace in ["tests@example.org", ""] {
        enter(secure(user), Login::anonymous(trace)).await.unwrap();
    }
}

pub(crate) async fn a_master_acts_as_another(user: &Trial) {
    let master = || Login::password(MASTER, PASSWORD);
    enter(secure(user), master().authorize_as(&user.name).only(["PLAIN"])).await.unwrap();
    enter(secure(user), master().authorize_as(&user.name)).await.unwrap();
    let wrong = Login::password(MASTER, "not-this-one").authorize_as(&user.name);
    assert_eq!(enter(secure(user), wrong).await.unwrap_err().kind(), Kind::Login);
}

/// Dovecot gives no reason for its refusals.
pub(crate) async fn a_bound_login_is_preferred_and_cannot_be_relayed(user: &Trial) {
    let recorder = Recorder::new();
    enter(secure(user).record(&recorder), login(user)).await.unwrap();
    let said = recorder.transcripts().concat();
    assert!(said.contains(&format!("{AUTHENTICATE} SCRAM-SHA-256-PLUS")), "{said}");

    let relay = Relay::start(&user.server.ca_pem, tls_port(&user.server), str::to_owned).await;
    let between = || relay.config(&user.server.ca_pem);
    enter(between(), login(user).without_channel_binding()).await.unwrap();
    let error = enter(between(), login(user)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Login, "{}", whole(&error));
    assert!(error.to_string().contains("another TLS connection"), "{}", whole(&error));

    let strip: fn(&str) -> String = |line| match line.contains("CAPABILITY") || line.starts_with("SASL") {
        true => line.replace("-PLUS", "-MINUS"),
        false => line.to_owned(),
    };
    let relay = Relay::start(&user.server.ca_pem, tls_port(&user.server), strip).await;
    let error = enter(relay.config(&user.server.ca_pem), login(user)).await.unwrap_err();
    assert!(error.kind() == Kind::Login && error.to_string().contains("(SCRAM-SHA-256)"), "{}", whole(&error));
}

/// Cyrus computes `tls-unique` for TLS 1.3 too, where it is not defined, and does not say that it lacks the other types.
pub(crate) async fn the_error_names_the_way_to_log_in_without_channel_binding(user: &Trial) {
    let error = enter(secure(user), Login::password(&user.name, user.password)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Login, "{}", whole(&error));
    assert!(error.to_string().contains("`Login::without_channel_binding`"), "{}", whole(&error));
    enter(secure(user), Login::password(&user.name, user.password).without_channel_binding()).await.unwrap();
}
