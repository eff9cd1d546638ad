//! UTF-8 in POP3 (RFC 6856): UTF8 before the login, names and passwords in it if the server announces it, and the server's
//! languages. No server here has LANG: its dialogues are the RFC's.

use postroom::testing::Script;
use postroom::{Kind, Login};

use crate::support::{me, number, opened, plaintext, session};

/// USER, and the rest up to the end of the login.
const BY_COMMAND: &str = "C: USER me\nS: +OK\nC: PASS secret\nS: +OK";

/// A server with these capabilities, beside USER, and the dialogue before and after CAPA is asked again.
fn announcing(capabilities: &[&str], login: &str, then: &str) -> Script {
    let lines: String = capabilities.iter().map(|capability| format!("S: {capability}\n")).collect();
    let announced = format!("C: CAPA\nS: +OK\nS: USER\n{lines}S: .");
    Script::new(&format!("S: +OK POP3 <1896.697170952@dbc.mtview.ca.us>\n{announced}\n{login}\n{announced}\n{then}\n"))
}

async fn logs_in(login: Login, capabilities: &[&str], dialogue: &str) {
    let mut script = announcing(capabilities, dialogue, "");
    let result = session(script.stream(), plaintext(), login).await.map(drop);
    script.finish().await.unwrap_or_else(|told| panic!("{told}\n{result:?}"));
    result.unwrap();
}

async fn is_refused(login: Login, capabilities: &[&str]) {
    let mut script = announcing(capabilities, "C: UTF8\nS: +OK\neof", "");
    assert_eq!(session(script.stream(), plaintext(), login).await.unwrap_err().kind(), Kind::Input);
}

#[tokio::test(start_paused = true)]
async fn utf8_is_said_before_the_login_where_it_is_offered_and_its_refusal_is_no_failure() {
    logs_in(me(), &[], BY_COMMAND).await;
    for (capability, verdict) in [("UTF8", "+OK UTF8 enabled"), ("utf8 user", "+OK"), ("UTF8", "-ERR not today")] {
        logs_in(me(), &[capability], &format!("C: UTF8\nS: {verdict}\n{BY_COMMAND}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn names_and_passwords_are_utf8_where_the_server_takes_it() {
    let dialogue = r"
        C: UTF8
        S: +OK
        C-raw: USER j\xc3\xbcrgen\r\n
        S: +OK
        C-raw: PASS gr\xc3\xbcn und blau\r\n
        S: +OK
    ";
    logs_in(Login::password("jürgen", "grün und blau"), &["UTF8 USER"], dialogue).await;
}

#[tokio::test(start_paused = true)]
async fn elsewhere_they_are_refused_before_either_is_sent() {
    is_refused(Login::password("jürgen", "secret"), &["UTF8"]).await;
    is_refused(Login::password("me", "grün"), &["UTF8"]).await;
}

/// RFC 6856 §2.2: both are prepared by SASLprep, which removes the soft hyphen and makes one letter of two code points.
#[tokio::test(start_paused = true)]
async fn apop_prepares_what_is_no_ascii() {
    // The digest of the stamp and `grün`.
    let dialogue = r"
        C: UTF8
        S: +OK
        C-raw: APOP j\xc3\xbcrgen fa6252d5f8708b61dff6156122112a73\r\n
        S: +OK
    ";
    for (user, password) in [("jürgen", "grün"), ("j\u{ad}ürgen", "gru\u{308}n")] {
        logs_in(Login::password(user, password).apop(), &["UTF8 USER"], dialogue).await;
    }
    is_refused(Login::password("jürgen", "\u{10ffff}").apop(), &["UTF8 USER"]).await;
}

/// RFC 6856 §5.
#[tokio::test(start_paused = true)]
async fn a_message_that_needs_utf8_is_refused_with_its_code() {
    let mut script = announcing(&["RESP-CODES"], BY_COMMAND, "C: RETR 1\nS: -ERR [UTF8] Cannot be shown");
    let pop3 = opened(&mut script).await.unwrap();
    let error = pop3.retr(number(1)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Rejected);
    assert!(error.code().is_some_and(|code| code.is("UTF8")));
}

/// The dialogues of RFC 6856 §3.3.
#[tokio::test(start_paused = true)]
async fn languages_are_listed_and_chosen() {
    let then = "
        C: LANG
        S: +OK Language listing follows:
        S: en English
        S: en-boont English Boontling dialect
        S: de Deutsch
        S: i-default
        S: .
        C: LANG
        S: -ERR Server is unable to list languages
        C: LANG es
        S: +OK es Idioma cambiado
        C: LANG uga
        S: -ERR es Idioma <<UGA>> no es conocido
        C: LANG *
        S: +OK sv Kommandot lyckades
        C: LANG de
        S: +OK
        C: NOOP
        S: +OK
    ";
    let mut script = announcing(&["LANG"], BY_COMMAND, then);
    let pop3 = opened(&mut script).await.unwrap();
    let listed = pop3.languages().await.unwrap();
    let listed: Vec<_> = listed.iter().map(|language| (&*language.tag, &*language.description)).collect();
    let boontling = "English Boontling dialect";
    assert_eq!(listed, [("en", "English"), ("en-boont", boontling), ("de", "Deutsch"), ("i-default", "")]);
    assert_eq!(pop3.languages().await.unwrap_err().kind(), Kind::Rejected);

    assert_eq!(pop3.set_language("es").await.unwrap().tag, "es");
    assert_eq!(pop3.set_language("uga").await.unwrap_err().kind(), Kind::Rejected);
    assert_eq!(pop3.set_language("*").await.unwrap().tag, "sv");
    // Not a word about which one it is.
    assert_eq!(pop3.set_language("de").await.unwrap_err().kind(), Kind::Missing);
    for range in ["", "de en", "de\r\nQUIT", "fran\u{e7}ais"] {
        assert_eq!(pop3.set_language(range).await.unwrap_err().kind(), Kind::Input, "{range:?}");
    }
    pop3.noop().await.unwrap();
    script.finish().await.unwrap();
}
