//! The example `inspect` as functions: its output for bytes that are in no corpus. It must not know how the crate reads them.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::as_json::{imap, pop3};

fn shown(bytes: &[u8]) -> Vec<Value> {
    imap::read(bytes)
}

fn one(bytes: &[u8]) -> Value {
    let mut all = shown(bytes);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn nothing_is_shown_of_nothing() {
    for blank in [&b""[..], b"\r\n", b"\n\n"] {
        assert!(shown(blank).is_empty() && pop3::read(blank, &pop3::Asked::default()).is_empty());
    }
    assert_eq!(shown(b"* 1 EXISTS\r\n\r\n"), [json!({ "type": "EXISTS", "n": 1 })]);
}

#[test]
fn what_is_not_whole_says_so_and_what_cannot_be_read_says_where() {
    assert_eq!(one(b"* 1 FETCH (BODY[] {5}\r\nabc"), json!({ "incomplete": true }));
    assert_eq!(one(b"* 1 FETCH (BODY[] {99999999999}\r\n"), json!({ "incomplete": true }));
    let all = shown(b"* 1 EXISTS\r\nnonsense\r\n* 2 EXISTS\r\n");
    assert_eq!((&all[1]["offset"], all[1]["error"].is_string(), &all[2]["n"]), (&json!(12), true, &json!(2)));
}

#[test]
fn a_set_of_billions_is_shown_as_a_set() {
    assert_eq!(one(b"* SEARCH ALL 1:4294967295\r\n")["data"], json!({ "ALL": "1:4294967295" }));
    // The order of a plain search means nothing.
    assert_eq!(one(b"* SEARCH 5 3 4\r\n")["ids"], json!([3, 4, 5]));
}

#[test]
fn names_are_as_on_the_wire_with_their_text_beside_them() {
    let status = one(b"* STATUS \"R&-D\" (UIDVALIDITY 0)\r\n");
    assert_eq!(
        (&status["mailbox"], &status["decoded"], &status["items"]["UIDVALIDITY"]),
        (&json!("R&-D"), &json!("R&D"), &json!(0))
    );
    let root = one(b"* LIST () \".\" #news.\r\n");
    assert_eq!((&root["mailbox"], &root["decoded"]), (&json!("#news."), &json!("#news")));
    assert_eq!(one(b"* LIST () \".\" x\r\n").get("decoded"), None);
}

#[test]
fn bytes_that_are_not_utf_8_are_kept() {
    assert_eq!(one(b"* OK \xe4 x \xff\r\n")["text"], json!({ "latin1": "\u{e4} x \u{ff}" }));
    assert_eq!(
        one(b"* ID (\"a\" \"\xe4\" \"b\" \"\xc3\xa4\")\r\n")["params"],
        json!({
            "a": { "latin1": "\u{e4}" },
            "b": "\u{e4}",
        })
    );
}

#[test]
fn header_names_in_sections_have_no_quotes() {
    let fetch = one(b"* 1 FETCH (body[1.header.fields ({4}\r\nDate \"To\")]<0> \"x\")\r\n");
    assert_eq!(fetch["BODY[1.HEADER.FIELDS (Date To)]<0>"], "x");
}

#[test]
fn what_was_forgiven_is_told() {
    assert_eq!(one(b"* 1 EXISTS\n")["defects"][0]["forgiven"], "the line ends in LF alone");
    let asked = pop3::Asked { command: Some("CAPA".into()), multiline: false };
    let capa = &pop3::read(b"+OK\nTOP\n.\n", &asked)[0];
    assert_eq!((&capa["data"], capa["defects"].is_array()), (&json!(["TOP"]), true));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_make_it_panic(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30), command in 0..4_usize) {
        let bytes = pieces.concat();
        let whole = shown(&bytes).len() + pop3::read(&bytes, &pop3::Asked {
            command: [None, Some("LIST".to_owned()), Some("CAPA".to_owned()), Some("STAT".to_owned())][command].clone(),
            multiline: false,
        }).len();
        prop_assert!(whole <= 2 * (bytes.len() + 1));
    }
}

const PIECES: &[&[u8]] = &[
    b"* ",
    b"+OK ",
    b"-ERR ",
    b"a1 OK ",
    b"\r\n",
    b"\n",
    b"(",
    b")",
    b"\"",
    b"\\",
    b"[",
    b"]",
    b"{3}\r\n",
    b"~{2}\r\n",
    b"{9}\r\n",
    b"NIL",
    b" ",
    b"1 FETCH (",
    b"BODYSTRUCTURE (",
    b"ENVELOPE (",
    b"\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1",
    b"BODY[1.MIME]<0> ",
    b"FLAGS (",
    b"LIST () \"/\" ",
    b"STATUS a (",
    b"ESEARCH (TAG \"a\") ",
    b"ALL 1:4294967295",
    b"THREAD ((1)(2 3))",
    b"ACL a b lr",
    b"QUOTA a (S 1 2)",
    b"METADATA \"\" (/a ",
    b"NAMESPACE ((",
    b"URLFETCH a ",
    b"OK [COPYUID 1 1:9 ",
    b"\xff",
    b"\xc3\xa4",
    b"\0",
    b"4294967296",
    b"0",
    b".",
];
