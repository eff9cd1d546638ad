//! What an error answers: whether a retry helps, who is at fault, and how it is worded. It must not know a protocol.

use super::*;

#[test]
fn display_is_one_level_and_the_cause_is_the_source() {
    let error = Error::from(std::io::Error::other("cable cut"));
    assert_eq!(error.to_string(), "the connection failed");
    assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("cable cut"));
}

#[test]
fn a_refused_login_is_retryable_only_when_the_server_says_it_will_pass() {
    let wrong = Error::new(Kind::Login, "refused").with_code(Some(Code::new("authenticationfailed", "")));
    assert!(!wrong.is_retryable());
    let busy = Error::new(Kind::Login, "refused").with_code(Some(Code::new("in-use", "")));
    assert!(busy.is_retryable());
}

#[test]
fn what_the_server_says_will_last_is_not_retryable_and_further_levels_mean_the_same() {
    for (kind, code, retryable, fault) in [
        (Kind::Closed, "SYS/PERM", false, Fault::Network),
        (Kind::Closed, "SYS/TEMP", true, Fault::Network),
        (Kind::Rejected, "SYS/PERM/DISK", false, Fault::Server),
        (Kind::Rejected, "SYS/TEMP/DISK", true, Fault::Server),
        (Kind::Rejected, "SYS/TEMPER", false, Fault::Server),
        (Kind::Rejected, "LOGIN-DELAY", true, Fault::Caller),
        (Kind::Rejected, "IN-USE", true, Fault::Caller),
        (Kind::Login, "AUTH", false, Fault::Caller),
    ] {
        let error = Error::new(kind, "no").with_code(Some(Code::new(code, "")));
        assert_eq!((error.is_retryable(), error.fault()), (retryable, fault), "{code}");
    }
}

#[test]
fn a_closed_connection_is_retryable_as_far_as_what_closed_it() {
    let closed = |cause: Option<Kind>| match cause {
        Some(kind) => Error::closed("after a failure").with_source(Error::new(kind, "it failed")),
        None => Error::closed("by the server"),
    };
    for (cause, retryable) in [
        (None, true),
        (Some(Kind::Io), true),
        (Some(Kind::Timeout), true),
        (Some(Kind::Protocol), false),
        (Some(Kind::Limit), false),
    ] {
        assert_eq!(closed(cause).is_retryable(), retryable, "{cause:?}");
    }
    assert!(!Error::closed("again").with_source(closed(Some(Kind::Limit))).is_retryable());
}

#[test]
fn words_count_as_far_as_no_code_blames_the_login() {
    for (code, kind) in
        [(None, Kind::Rejected), (Some("ALERT"), Kind::Rejected), (Some("AUTHENTICATIONFAILED"), Kind::Login)]
    {
        let error = Error::new(Kind::Rejected, "too many connections").with_code(code.map(|name| Code::new(name, "")));
        let error = error.with_words(Some(Words::ConnectionLimit)).into_login_error("PLAIN");
        let passing = kind == Kind::Rejected;
        assert_eq!(
            (error.kind(), error.is_retryable(), error.is_connection_limit()),
            (kind, passing, passing),
            "{code:?}"
        );
    }
    let limit = Error::new(Kind::Rejected, "no").with_code(Some(Code::new("LIMIT", "")));
    assert!(!limit.is_connection_limit() && limit.into_login_error("LOGIN").is_connection_limit());
}

#[test]
fn seeing_it_as_another_kind_keeps_the_code() {
    let refused = Error::new(Kind::Rejected, "no").with_code(Some(Code::new("EXPIRED", "")));
    let login = refused.reclassify(Kind::Login, "the login was refused");
    assert!(login.code().is_some_and(|code| code.is("expired")));
    assert_eq!(login.source().map(ToString::to_string).as_deref(), Some("no"));
}

#[test]
fn the_chain_follows_the_sentence_once() {
    let io = std::io::Error::other("cable cut");
    let error = Error::closed("the connection is closed after a failure")
        .with_source(Error::from(io).at(Step::Login).without_place());
    assert_eq!(error.to_string(), "the connection is closed after a failure");
    assert_eq!(format!("{error:#}"), "the connection is closed after a failure: the connection failed: cable cut");
    let repeated = Error::protocol("no answer: cable cut").with_source(std::io::Error::other("cable cut"));
    assert_eq!(format!("{repeated:#}"), "no answer: cable cut");
}

#[test]
fn the_place_comes_first_and_a_step_of_the_beginning_counts_more_than_its_command() {
    let server: Arc<str> = "mail.example.org:993".into();
    let lost = || Error::closed("the server closed the connection").on(Some(&server));
    assert_eq!(lost().to_string(), "mail.example.org:993: the server closed the connection");
    let command = lost().at(Step::Command("NOOP"));
    assert_eq!(command.to_string(), "NOOP on mail.example.org:993: the server closed the connection");
    let login = command.clone().at(Step::Login).at(Step::Begin);
    assert_eq!(login.to_string(), "cannot log in to mail.example.org:993: the server closed the connection");
    assert!(command.to_string().starts_with("NOOP"), "a clone is not changed");
}
