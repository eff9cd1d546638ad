//! What servers send in the place of values: nothing, too much of something, half of it; and what is kept of the rest.

use std::borrow::Cow;

use bytes::Bytes;

use super::fetched;
use crate::defect::{Defect, Reason};
use crate::imap::types::Addresses;
use crate::imap::types::Section;
use crate::imap::types::fetched::Fetched;
use crate::imap::types::text::Str;
use crate::limits::Limits;

fn parse(frame: impl Into<Bytes>) -> Fetched {
    fetched(frame.into(), &Limits::default()).unwrap()
}

/// Attribute and reason of each defect.
fn defects(message: &Fetched) -> Vec<(String, Reason)> {
    let of = |defect| match defect {
        Defect::Unreadable { attribute, reason, .. } => (attribute, reason),
        other => panic!("{other}"),
    };
    message.defects().map(of).collect()
}

fn people(list: Addresses<'_>) -> Vec<String> {
    list.map(|one| one.label()).collect()
}

/// A message with this envelope, and the UID after it.
fn enveloped(envelope: &str) -> Fetched {
    let message = parse(format!("* 1 FETCH (ENVELOPE ({envelope}) UID 7)\r\n"));
    assert_eq!(message.uid().map(u32::from), Some(7), "{envelope}");
    message
}

#[test]
fn requests_that_a_server_repeats_are_read() {
    let message = parse("* 1 FETCH (UID 7 BODY.PEEK[TEXT]<3> {5}\r\nhello body.peek[] \"x\" BINARY.PEEK[1] \"y\")\r\n");
    let text = message.section(&Section::TEXT).unwrap();
    assert_eq!(
        (&text.bytes().unwrap()[..], text.origin(), &*text.attribute()),
        (&b"hello"[..], Some(3), "BODY.PEEK[TEXT]<3>")
    );
    assert_eq!(&message.body().unwrap()[..], b"x");
    assert_eq!(&message.section(&Section::part(&[1]).unwrap()).unwrap().bytes().unwrap()[..], b"y");
    assert_eq!(message.defects().count(), 0);
    let twice = parse("* 1 FETCH (UID 7 EMAILID ((M1)) THREADID ( ( T2 ) ) MODSEQ ((9)))\r\n");
    assert_eq!(
        (twice.email_id().unwrap(), twice.thread_id().unwrap()),
        (Str::new(b"M1", false), Str::new(b"T2", false))
    );
    assert_eq!((twice.modseq(), twice.defects().count()), (Some(9), 0));
}

#[test]
fn nil_is_an_answer_without_a_value() {
    let message = parse(
        "* 1 FETCH (PREVIEW NIL THREADID NIL EMAILID () SAVEDATE NIL MODSEQ (NIL) RFC822.SIZE -1 BINARY.SIZE[1] NIL)\r\n",
    );
    assert!(message.preview().is_none() && message.thread_id().is_none() && message.email_id().is_none());
    assert!(message.save_date().is_none() && message.modseq().is_none() && message.size().is_none());
    assert!(message.binary_size(&Section::part(&[1]).unwrap()).is_none() && message.binary_sizes().next().is_none());
    assert_eq!(message.defects().count(), 0);
}

#[test]
fn flags_may_be_quoted() {
    let message = parse("* 1 FETCH (FLAGS (\\Seen \"quoted flag\" Junk/x [a] żółw $Forwarded) UID 7)\r\n");
    let flags: Vec<_> = message.flags().unwrap().iter().map(Cow::into_owned).collect();
    assert_eq!(flags, ["\\Seen", "quoted flag", "Junk/x", "[a]", "żółw", "$Forwarded"]);
    assert!(message.uid().is_some());
}

#[test]
fn a_field_of_an_envelope_that_cannot_be_read_is_lost_alone() {
    let (ann, bo) = ("((\"Ann\" NIL \"ann\" \"a.example\"))", "((NIL NIL \"bo\" \"b.example\"))");
    for (lost, name) in [
        (format!("\u{7f} \"s\" {ann} {ann} {ann} {bo} NIL NIL \"r\" \"m\""), "env-date"),
        (format!("\"d\" (x (y)) {ann} {ann} {ann} {bo} NIL NIL \"r\" \"m\""), "env-subject"),
        (format!("\"d\" \"s\" \"Ann\" {ann} {ann} {bo} NIL NIL \"r\" \"m\""), "env-from"),
        (format!("\"d\" \"s\" {ann} {ann} (NIL x) {bo} NIL NIL \"r\" \"m\""), "env-reply-to"),
        (format!("\"d\" \"s\" {ann} {ann} {ann} {bo} 5 NIL \"r\" \"m\""), "env-cc"),
        (format!("\"d\" \"s\" {ann} {ann} {ann} {bo} NIL NIL (\"r\" \"q\") \"m\""), "env-in-reply-to"),
        (format!("\"d\" \"s\" {ann} {ann} {ann} {bo} NIL NIL \"r\" (\"m\" \"n\")"), "env-message-id"),
        (format!("\"d\" \"s\" {ann} {ann} {ann} {bo} NIL NIL \"r\" {{9x}}"), "env-message-id"),
    ] {
        let message = enveloped(&lost);
        assert_eq!(
            defects(&message).iter().map(|(name, _)| &**name).collect::<Vec<_>>(),
            [format!("ENVELOPE ({name})")]
        );
        let envelope = message.envelope().unwrap();
        let strings = [envelope.raw_date(), envelope.subject(), envelope.in_reply_to(), envelope.message_id()];
        let there = strings.into_iter().flatten().map(|text| text.to_string()).collect::<String>();
        let all = [("env-date", "d"), ("env-subject", "s"), ("env-in-reply-to", "r"), ("env-message-id", "m")];
        assert_eq!(
            there,
            all.iter().filter(|(of, _)| *of != name).map(|(_, text)| *text).collect::<String>(),
            "{lost}"
        );
        assert_eq!(people(envelope.to()), ["bo@b.example"], "{lost}");
        assert_eq!(people(envelope.sender()), ["Ann"], "{lost}");
    }
}

#[test]
fn one_string_of_an_address_is_lost_alone() {
    let message = enveloped(
        "NIL NIL ((\"Ann\" NIL (x) \"a.example\")(NIL NIL \"bo\" \"b.example\")) NIL NIL NIL NIL NIL NIL \"m\"",
    );
    assert_eq!(defects(&message), [("ENVELOPE (env-from)".to_owned(), Reason::Syntax)]);
    assert_eq!(people(message.envelope().unwrap().from()), ["Ann", "bo@b.example"]);
    assert_eq!(message.envelope().unwrap().message_id().unwrap(), "m");
}

#[test]
fn an_address_without_its_list_is_one_address() {
    let message = enveloped(
        "NIL NIL (\"Ann\" NIL \"ann\" \"a.example\") NIL NIL (NIL NIL \"bo\" \"b.example\") NIL NIL NIL \"m\"",
    );
    let envelope = message.envelope().unwrap();
    assert_eq!((people(envelope.from()), people(envelope.to())), (vec!["Ann".into()], vec!["bo@b.example".into()]));
    assert_eq!((envelope.message_id().unwrap(), defects(&message)), (Str::new(b"m", false), vec![]));
}

#[test]
fn a_lone_backslash_does_not_escape_the_quote_that_ends_its_string() {
    // QQ: MailCore/mailcore2#1220.
    let pw = r#"(("x" NIL "pw" "sina.example\"))"#.replace(r"\\", r"\");
    let message =
        enveloped(&format!("\"d\" \"ttt\" {pw} {pw} {pw} ((NIL NIL \"n\" \"q.example\")) NIL NIL NIL \"<93@l>\""));
    let envelope = message.envelope().unwrap();
    assert_eq!(
        (envelope.subject().unwrap(), envelope.message_id().unwrap()),
        (Str::new(b"ttt", false), Str::new(b"<93@l>", false))
    );
    assert_eq!(envelope.sender().next().unwrap().host.unwrap(), r"sina.example\");
    assert_eq!((people(envelope.to()), defects(&message)), (vec!["n@q.example".into()], vec![]));
    // A quote that is escaped stays one.
    let message = enveloped(r#"NIL "(\"bar\") x" (("a \"b\" " NIL "c" "d")) NIL NIL NIL NIL NIL NIL "m""#);
    let envelope = message.envelope().unwrap();
    assert_eq!(
        (envelope.subject().unwrap(), envelope.message_id().unwrap()),
        (Str::new(br#"("bar") x"#, false), Str::new(b"m", false))
    );
}

#[test]
fn unescaped_quotes_before_a_space_are_part_of_their_string() {
    let ann = "((\"Ann \"the one\" A.\" NIL \"ann\" \"a.example\"))";
    let message = enveloped(&format!("\"d\" \"a \"quoted\" word\" {ann} {ann} NIL NIL NIL NIL NIL \"<m>\""));
    let envelope = message.envelope().unwrap();
    assert_eq!(
        (envelope.subject().unwrap(), envelope.message_id().unwrap()),
        (Str::new(b"a \"quoted\" word", false), Str::new(b"<m>", false))
    );
    assert_eq!((people(envelope.from()), defects(&message)), (vec!["Ann \"the one\" A.".into()], vec![]));
}

#[test]
fn values_are_never_taken_for_those_of_another_field() {
    let message = enveloped("\"d\" \"s\" (x) stray ((NIL NIL \"a\" \"b\")) NIL NIL NIL NIL NIL NIL \"m\"");
    assert_eq!(defects(&message), [("ENVELOPE".to_owned(), Reason::Syntax)]);
    assert!(message.envelope().is_none());
}

#[test]
fn a_bad_field_of_an_enclosed_envelope_is_lost_alone() {
    let inner = "(\"d\" (x) NIL NIL NIL NIL NIL NIL NIL \"m\") (\"text\" \"plain\" NIL NIL NIL \"7bit\" 3 1) 1";
    let message =
        parse(format!("* 1 FETCH (BODYSTRUCTURE (\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 9 {inner}) UID 7)\r\n"));
    assert_eq!(defects(&message), [("BODYSTRUCTURE (env-subject)".to_owned(), Reason::Syntax)]);
    assert_eq!(message.body_structure().unwrap().envelope().unwrap().message_id().unwrap(), "m");
}
