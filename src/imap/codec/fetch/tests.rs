//! What a FETCH response is read as: the RFC's examples, what real servers send instead, and bytes that mean nothing.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;

use super::structure::PARTS;
use super::*;
use crate::defect::Defect;
use crate::imap::types::Section;
use crate::imap::types::fetched::Fetched;
use crate::imap::types::structure::Kind as Part;
use crate::imap::types::text::Str;
use crate::limits::Limits;

fn parse(frame: impl Into<Bytes>) -> Fetched {
    fetched(frame.into(), &Limits::default()).unwrap()
}

/// A message of these attributes, none of which is a defect.
fn clean(attributes: &str) -> Fetched {
    let message = parse(format!("* 7 FETCH ({attributes})\r\n"));
    assert_eq!(message.defects().collect::<Vec<_>>(), [], "{attributes}");
    message
}

/// Why the only defect of these attributes is one; UID must survive it.
fn defect(attributes: &str) -> Reason {
    let message = parse(format!("* 7 FETCH ({attributes} UID 9)\r\n"));
    assert_eq!(message.uid().map(u32::from), Some(9), "{attributes}");
    let mut defects = message.defects();
    let first = defects.next().unwrap();
    assert_eq!(defects.next(), None, "{attributes}");
    match first {
        Defect::Unreadable { reason, .. } => reason,
        Defect::TooLarge { size } => Reason::TooLarge(size),
        other => panic!("{other}"),
    }
}

fn text(string: Option<Str<'_>>) -> Option<String> {
    string.map(|string| string.to_string())
}

fn flags(message: &Fetched) -> Vec<String> {
    message.flags().unwrap().iter().map(|flag| flag.into_owned()).collect()
}

#[test]
fn the_example_of_the_rfc_is_read_whole() {
    let message = clean(
        "FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 4286 ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 \
         -0700 (PDT)\" \"IMAP4rev2 WG mtg summary and minutes\" ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
         ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
         ((NIL NIL \"imap\" \"cac.washington.edu\")) ((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\") (\"John Klensin\" NIL \
         \"KLENSIN\" \"MIT.EDU\")) NIL NIL \"<B27397-0100000@cac.washington.edu>\") BODY (\"TEXT\" \"PLAIN\" (\"CHARSET\" \
         \"US-ASCII\") NIL NIL \"7BIT\" 3028 92)",
    );
    assert_eq!((message.seq().map(u32::from), message.size()), (Some(7), Some(4286)));
    assert_eq!(message.internal_date().unwrap().to_string(), "1996-07-17 2:44:25.0 -07:00:00");
    assert!(message.flags().unwrap().seen() && !message.flags().unwrap().deleted());
    let envelope = message.envelope().unwrap();
    assert_eq!(message.subject().as_deref(), Some("IMAP4rev2 WG mtg summary and minutes"));
    assert_eq!(envelope.cc().map(|to| to.label()).collect::<Vec<_>>(), ["minutes@CNRI.Reston.VA.US", "John Klensin"]);
    assert_eq!((envelope.bcc().len(), envelope.in_reply_to()), (0, None));
    assert_eq!(text(envelope.message_id()).as_deref(), Some("<B27397-0100000@cac.washington.edu>"));
    let body = message.body_structure().unwrap();
    assert!(body.kind() == Part::Text && body.is("text", "plain"));
    assert_eq!((body.size(), body.lines(), body.section().to_string().as_str()), (Some(3028), Some(92), "1"));
    assert_eq!(text(body.param("charset")).as_deref(), Some("US-ASCII"));
}

#[test]
fn parts_have_the_numbers_by_which_they_are_fetched() {
    let leaf = "(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1)";
    let envelope = "(NIL \"inner\" NIL NIL NIL NIL NIL NIL NIL NIL)";
    let mail = |body: &str| format!("(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 9 {envelope} {body} 3)");
    let nested = mail(&format!("({leaf}({leaf}{leaf} \"ALTERNATIVE\") \"MIXED\")"));
    let message = clean(&format!("BODYSTRUCTURE ({leaf} {nested}{}\"MIXED\")", mail(leaf)));
    let root = message.body_structure().unwrap();
    let numbers: Vec<_> = root.walk().map(|part| part.section().to_string()).collect();
    assert_eq!(numbers, ["TEXT", "1", "2", "2.TEXT", "2.1", "2.2", "2.2.1", "2.2.2", "3", "3.1"]);
    let second = root.children().nth(1).unwrap();
    assert_eq!((second.kind(), second.lines()), (Part::Message, Some(3)));
    assert_eq!(text(second.envelope().unwrap().subject()).as_deref(), Some("inner"));
}

#[test]
fn the_extension_data_of_a_structure_is_read_and_what_is_behind_it_kept() {
    let message = clean(
        "BODYSTRUCTURE ((\"IMAGE\" \"PNG\" (\"NAME\" \"a.png\") \"<id>\" \"a \\\"b\\\"\" \"BASE64\" 77 \"md5\" (\"attachment\" \
         (\"filename\" \"=?utf-8?Q?=C3=A4.png?=\")) (\"de\" \"en\") \"http://x/\" (1 (\"x\" {3}\r\n)))) 5)) \"RELATED\" (\"B\" \
         \"x\") (\"INLINE\" NIL) \"fr\" NIL \"more\" (NIL)) UID 3",
    );
    assert_eq!(message.uid().map(u32::from), Some(3));
    let root = message.body_structure().unwrap();
    assert_eq!(root.language().map(|tag| tag.to_string()).collect::<Vec<_>>(), ["fr"]);
    let image = root.children().next().unwrap();
    assert_eq!(text(image.description()).as_deref(), Some("a \"b\""));
    assert_eq!(text(image.md5()).as_deref(), Some("md5"));
    assert_eq!(text(image.disposition()).as_deref(), Some("attachment"));
    assert_eq!(image.filename().as_deref(), Some("ä.png"));
    assert_eq!(image.language().map(|tag| tag.to_string()).collect::<Vec<_>>(), ["de", "en"]);
    assert_eq!(text(image.location()).as_deref(), Some("http://x/"));
    assert_eq!((image.extension(), root.extension()), (&b"(1 (\"x\" {3}\r\n)))) 5)"[..], &b"\"more\" (NIL)"[..]));
    let plain = clean("BODYSTRUCTURE (\"A\" \"B\" NIL NIL NIL \"7BIT\" 1 NIL NIL NIL NIL )");
    assert!(plain.body_structure().unwrap().extension().is_empty());
}

#[test]
fn a_message_may_have_no_envelope_and_no_body() {
    let message = |rest: &str| {
        let read = clean(&format!("BODYSTRUCTURE (\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 9 {rest}) UID 1"));
        let root = read.body_structure().unwrap();
        (root.lines(), root.envelope().is_some(), root.children().count(), text(root.disposition()))
    };
    let leaf = "(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1)";
    assert_eq!(message("NIL NIL 5 NIL NIL NIL"), (Some(5), false, 0, None));
    assert_eq!(message(&format!("NIL {leaf} 5")), (Some(5), false, 1, None));
    assert_eq!(message("() NIL 5"), (Some(5), true, 0, None));
    assert_eq!(message("NIL (\"INLINE\" NIL) NIL NIL"), (None, false, 0, Some("INLINE".into())));
    assert_eq!(message("NIL NIL NIL NIL"), (None, false, 0, None));
}

#[test]
fn structures_that_only_real_servers_send_are_read() {
    let kind = |structure: &str| {
        let message = clean(&format!("BODYSTRUCTURE {structure} UID 1"));
        assert_eq!(message.uid().map(u32::from), Some(1), "{structure}");
        let root = message.body_structure().unwrap();
        (root.kind(), root.subtype().to_string(), root.children().count())
    };
    // Multiparts without parts: Gmail, QQ, Yandex.
    assert_eq!(kind("(\"ALTERNATIVE\")"), (Part::Multipart, "ALTERNATIVE".into(), 0));
    assert_eq!(kind("(\"ALTERNATIVE\" (\"BOUNDARY\" \"x\") NIL NIL)"), (Part::Multipart, "ALTERNATIVE".into(), 0));
    assert_eq!(kind("(\"MIXED\" NIL NIL NIL)"), (Part::Multipart, "MIXED".into(), 0));
    assert_eq!(kind("(\"MIXED\" (\"B\" \"x\") (\"inline\" NIL) NIL \"here\")"), (Part::Multipart, "MIXED".into(), 0));
    assert_eq!(kind("((\"mixed\" (\"b\" \"x\") NIL) (\"TEXT\" \"HTML\" NIL NIL NIL \"7BIT\" 1 2) \"RELATED\" )").2, 2);
    // Values of the wrong kind: mail.ru, Exchange.
    for leaf in [
        "(\"TEXT\" \"PLAIN\" (\"BOUNDARY\" NIL) NIL NIL \"7BIT\" 1 2)",
        "(\"TEXT\" \"PLAIN\" \"a description\" NIL NIL \"7BIT\" -1 -1)",
        "(TEXT PLAIN (CHARSET utf-8) NIL NIL 7BIT 1 2 NIL \"inline\" NIL NIL)",
        "(\"TEXT\" \"PLAIN\" () NIL \"\"\"\" \"7BIT\" 1 2 NIL (NIL NIL) (NIL) NIL)",
        "(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 9.3736e+06 2 NIL (\"inline\") NIL )",
        "(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 12)",
        "(\"text\" \"plain\" )",
    ] {
        assert_eq!(kind(leaf).0, Part::Text, "{leaf}");
    }
    let size = |leaf: &str| clean(&format!("BODY {leaf}")).body_structure().and_then(|body| body.size());
    assert_eq!(size("(\"A\" \"B\" NIL NIL NIL \"7BIT\" 9.3736e+06)"), Some(9_373_600));
    assert_eq!(size("(\"A\" \"B\" NIL NIL NIL \"7BIT\" -1)"), None);
    // A message within the message, of which nothing is known: Domino.
    let envelope = "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)";
    assert_eq!(kind(&format!("(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 0 {envelope} () 0)")).2, 0);
    assert_eq!(kind("(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 0)").0, Part::Message);
}

#[test]
fn envelopes_that_only_real_servers_send_are_read() {
    let subject = |envelope: &str| {
        let message = clean(&format!("ENVELOPE {envelope} UID 1"));
        assert_eq!(message.uid().map(u32::from), Some(1), "{envelope}");
        let envelope = message.envelope().unwrap();
        (text(envelope.subject()).unwrap_or_default(), envelope.from().len(), text(envelope.message_id()))
    };
    let address = "(NIL NIL \"a\" \"b\")";
    let read = ("s".to_owned(), 2, Some("<id>".to_owned()));
    let rest = format!("\"s\" ({address} {address} ) NIL NIL NIL NIL NIL NIL \"<id>\"");
    assert_eq!(subject(&format!("(NIL {rest})")), read);
    assert_eq!(subject(&format!("((NIL {rest}))")), read);
    assert_eq!(clean(&format!("UID 1 (ENVELOPE (NIL {rest})) FLAGS ()")).subject().as_deref(), Some("s"));
    assert_eq!(subject(&format!("(() {rest} NIL )")), read);
    assert_eq!(subject(&format!("(NIL \"s\" ({address}{address}) () () () () ())")), ("s".into(), 2, None));
    assert_eq!(subject("(NIL \"say \"hello\"now\" NIL NIL NIL NIL NIL NIL NIL NIL)").0, "say \"hello\"now");
    assert_eq!(subject("(NIL \"a\\\"b\\\\c\" NIL NIL NIL NIL NIL NIL NIL NIL)").0, "a\"b\\c");
    assert_eq!(subject("(NIL {4}\r\na)\r\n NIL NIL NIL NIL NIL NIL NIL NIL)").0, "a)\r\n");
    assert_eq!(subject("(nil word NIL NIL NIL NIL NIL NIL NIL NIL)").0, "word");
}

#[test]
fn any_words_are_flags() {
    let message = clean("FLAGS ( \\Seen \\* $Junk] NIL \\ a[1] )");
    assert_eq!(flags(&message), ["\\Seen", "\\*", "$Junk]", "a[1]"]);
    assert!(message.flags().unwrap().contains(&crate::Flag::new("\\SEEN").unwrap()));
    assert_eq!(flags(&clean("FLAGS ()")), [""; 0]);
    assert_eq!(flags(&clean("FLAGS NIL")), [""; 0]);
    assert_eq!(flags(&parse(&b"* 1 FETCH (FLAGS (a\xe9))\r\n"[..])), ["a\u{fffd}"]);
}

#[test]
fn bodies_are_slices_of_what_was_read() {
    let frame = Bytes::from(
        "* 2 FETCH (BODY[] {8}\r\na)\r\n* 1\n BODY[HEADER.FIELDS (\"TO]\" X)]<5> \"a\\\\b\" BINARY[1.2] ~{2}\r\n\0\n BODY[3] NIL BINARY.SIZE[4] 9 RFC822.TEXT \"t\")\r\n",
    );
    let message = parse(frame.clone());
    assert_eq!(message.defects().collect::<Vec<_>>(), []);
    let body = message.body().unwrap();
    assert_eq!((body.as_ref(), body.as_ptr()), (&b"a)\r\n* 1\n"[..], frame[23..].as_ptr()));
    let piece = message.section(&Section::header_fields(["to]", "x"]).unwrap()).unwrap();
    assert_eq!((piece.origin(), piece.bytes().unwrap().as_ref()), (Some(5), &b"a\\b"[..]));
    assert_eq!(
        message.section(&Section::part(&[1, 2]).unwrap()).and_then(|section| section.bytes()).unwrap().as_ref(),
        b"\0\n"
    );
    assert_eq!(message.section(&Section::part(&[3]).unwrap()).unwrap().bytes(), None);
    assert_eq!(message.section(&Section::TEXT).and_then(|section| section.bytes()).unwrap().as_ref(), b"t");
    assert_eq!((message.binary_size(&Section::part(&[4]).unwrap()), message.sections().count()), (Some(9), 5));
}

#[test]
fn extensions_are_read_and_unknown_ones_kept_as_they_came() {
    let message = clean(
        "UID 1 MODSEQ (624140003) EMAILID (M1) THREADID (T1) SAVEDATE NIL PREVIEW \"p\" X-GM-MSGID 1278455344230334865 \
         X-GM-THRID 5 X-GM-LABELS (\"\\\\Inbox\" a {1}\r\nb) XAOL.X[1]<2> (a (\"b)\") {1}\r\n)) modseq 5",
    );
    assert_eq!((message.modseq(), message.save_date()), (Some(624_140_003), None));
    assert_eq!((text(message.email_id()), text(message.thread_id())), (Some("M1".into()), Some("T1".into())));
    assert_eq!((text(message.preview()), message.gmail_thread_id()), (Some("p".into()), Some(5)));
    assert_eq!(message.gmail_message_id(), Some(1_278_455_344_230_334_865));
    assert_eq!(
        message.gmail_labels().unwrap().map(|label| label.to_string()).collect::<Vec<_>>(),
        ["\\Inbox", "a", "b"]
    );
    let unknown: Vec<_> = message.unknown().collect();
    assert_eq!(unknown, [("XAOL.X[1]<2>".into(), &b"(a (\"b)\") {1}\r\n))"[..])]);
    assert_eq!(clean("X-A ~b UID 1").unknown().next(), Some(("X-A".into(), &b"~b"[..])));
    assert_eq!((clean("MODSEQ (-1)").modseq(), clean("RFC822.SIZE -1").size()), (None, None));
    assert_eq!(clean("THREADID NIL").thread_id(), None);
    assert_eq!(text(clean("PREVIEW (FUZZY {1}\r\np)").preview()).as_deref(), Some("p"));
}

#[test]
fn a_bad_attribute_is_a_defect_and_the_others_survive() {
    assert_eq!(defect("INTERNALDATE NIL"), Reason::Date);
    assert_eq!(defect("INTERNALDATE \"00-Jan-0000 00:00:00 +0000\""), Reason::Date);
    assert_eq!(defect("RFC822.SIZE 18446744073709551616000"), Reason::Number);
    assert_eq!((clean("RFC822.SIZE 0.0").size(), clean("RFC822.SIZE -0.5").size()), (Some(0), None));
    assert_eq!(defect("RFC822.SIZE 9.007199254740992e+15"), Reason::Number);
    assert_eq!(clean("RFC822.SIZE 9.007199254740991e+15").size(), Some(9_007_199_254_740_991));
    assert_eq!(defect("UID 0"), Reason::Number);
    assert_eq!(defect("ENVELOPE (1 \"x\" (oops (\"a\")))"), Reason::Syntax);
    assert_eq!(defect("ENVELOPE NIL"), Reason::Missing);
    assert_eq!(defect("BODYSTRUCTURE ()"), Reason::Missing);
    assert_eq!(defect("BODY[]"), Reason::Missing);
    assert_eq!(defect("BODYSTRUCTURE (\"A\" \"B\" NIL NIL NIL \"7BIT\" 1))"), Reason::Syntax);
    assert_eq!(defect("(\"stray\")"), Reason::Syntax);
    let message = parse("* 7 FETCH (UID 9 BODY[])\r\n");
    assert_eq!((message.uid().map(u32::from), message.body(), message.defects().count()), (Some(9), None, 1));
    let message = parse("* 7 FETCH (UID 9 ENVELOPE (\"x\r\n");
    let Some(Defect::Unreadable { attribute, raw, .. }) = message.defects().next() else { panic!("no defect") };
    assert_eq!(
        (message.uid().map(u32::from), attribute.as_str(), raw.as_ref()),
        (Some(9), "ENVELOPE", &b"(\"x\r\n"[..])
    );
}

#[test]
fn parts_are_nested_as_deep_as_the_limit_and_no_deeper() {
    let nested = |depth: usize| {
        format!(
            "* 1 FETCH (BODY {}(\"A\" \"B\" NIL NIL NIL \"7BIT\" 1){} UID 5)\r\n",
            "(".repeat(depth),
            " \"MIXED\")".repeat(depth)
        )
    };
    let mut limits = Limits::default();
    let defects = |frame: String, limits: &Limits| fetched(frame.into(), limits).unwrap().defects().count();
    assert_eq!((defects(nested(99), &limits), defects(nested(100), &limits)), (0, 1));
    limits.nesting = usize::MAX;
    assert_eq!((defects(nested(149), &limits), defects(nested(100_000), &limits)), (0, 1));
    assert_eq!(fetched(nested(100_000).into(), &limits).unwrap().uid().map(u32::from), Some(5));
}

#[test]
fn a_message_has_ten_thousand_parts_at_most() {
    let with =
        |parts: usize| format!("BODYSTRUCTURE ({} \"MIXED\")", "(\"a\" \"b\" NIL NIL NIL \"7bit\" 1)".repeat(parts));
    let most = clean(&with(PARTS as usize - 1));
    assert_eq!(most.body_structure().unwrap().children().count(), PARTS as usize - 1);
    assert_eq!(defect(&with(PARTS as usize)), Reason::TooMany);
}

#[test]
fn literals_left_out_in_any_order_are_found() {
    let messages: Vec<_> = (1..=3).map(|uid| format!("* 1 FETCH (UID {uid} BODY[] {{9}}\r\n)\r\n")).collect();
    let lengths: Vec<_> = messages.iter().map(String::len).collect();
    let mut batch = Batch::new(messages.concat().into());
    let starts = [0, lengths[0], lengths[0] + lengths[1]];
    for frame in [2, 1, 0] {
        batch.push(starts[frame], starts[frame] + lengths[frame]);
        batch.elide(starts[frame], [Elided { at: lengths[frame] - ")\r\n".len(), size: 9 }]);
    }
    assert_eq!((batch.len(), batch.weight()), (3, starts[2] + lengths[2]));
    for message in FetchedBatch::parse(&batch, &Limits::default(), None) {
        assert!(matches!(message.unwrap().defects().next(), Some(Defect::TooLarge { size: 9 })));
    }
}

#[test]
fn a_literal_that_was_left_out_is_a_defect_of_its_message() {
    let first = "* 1 FETCH (UID 1)\r\n";
    let head = "* 2 FETCH (BODY[] {99999999}\r\n";
    let block = format!("{first}{head} UID 2)\r\n");
    let mut batch = Batch::new(Bytes::from(block.clone()));
    batch.push(0, first.len());
    batch.push(first.len(), block.len());
    batch.elide(first.len(), [Elided { at: head.len(), size: 99_999_999 }]);
    let messages: Vec<_> = FetchedBatch::parse(&batch, &Limits::default(), None).map(Result::unwrap).collect();
    assert_eq!(messages.iter().map(|message| message.uid().map_or(0, u32::from)).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(messages[1].defects().collect::<Vec<_>>(), [Defect::TooLarge { size: 99_999_999 }]);
}

#[test]
fn a_frame_that_cannot_be_read_does_not_hide_its_neighbours() {
    let frames =
        ["* 1 FETCH (UID 1)\r\n", "* 2 FETCH oops\r\n", "* 0 FETCH (UID 3)\r\n", "* 4 UIDFETCH (FLAGS ())\r\n"];
    let mut batch = Batch::new(Bytes::from(frames.concat()));
    let mut start = 0;
    for frame in frames {
        batch.push(start, start + frame.len());
        start += frame.len();
    }
    let read: Vec<_> = FetchedBatch::parse(&batch, &Limits::default(), None).collect();
    let uids: Vec<_> = read.iter().map(|one| one.as_ref().ok().and_then(|one| one.uid()).map(u32::from)).collect();
    assert_eq!(uids, [Some(1), None, None, Some(4)]);
    assert_eq!(read[1].as_ref().unwrap_err().raw().as_ref(), frames[1].as_bytes());
    assert!(read[3].as_ref().unwrap().seq().is_none());
}

#[test]
fn the_tape_is_used_again_only_when_no_message_is_left() {
    let batch = |uid: u32| {
        let frame = format!("* 1 FETCH (UID {uid})\r\n");
        let mut batch = Batch::new(Bytes::from(frame.clone()));
        batch.push(0, frame.len());
        batch
    };
    let limits = Limits::default();
    let mut first = FetchedBatch::parse(&batch(1), &limits, None);
    let address = Arc::as_ptr(&first.tape);
    let kept = first.next().unwrap().unwrap();
    let mut second = FetchedBatch::parse(&batch(2), &limits, Some(first));
    assert_ne!(Arc::as_ptr(&second.tape), address);
    assert_eq!((kept.uid().map(u32::from), second.len()), (Some(1), 1));
    let address = Arc::as_ptr(&second.tape);
    drop(second.next());
    assert_eq!(Arc::as_ptr(&FetchedBatch::parse(&batch(3), &limits, Some(second)).tape), address);
}

#[test]
fn a_detached_message_is_the_same_in_memory_of_its_own() {
    let block =
        Bytes::from("* 9 EXISTS\r\n* 2 FETCH (UID 5 FLAGS (a b) BODY[] {3}\r\nabc BODY ((\"A\" \"B\") \"MIXED\"))\r\n");
    let mut batch = Batch::new(block.clone());
    batch.push(12, block.len());
    let message = FetchedBatch::parse(&batch, &Limits::default(), None).next().unwrap().unwrap();
    let detached = message.detach();
    assert_eq!(format!("{message:?}"), format!("{detached:?}"));
    assert_eq!(message.raw(), detached.raw());
    assert_ne!(message.body().unwrap().as_ptr(), detached.body().unwrap().as_ptr());
    let subtype =
        |message: &Fetched| message.body_structure().unwrap().children().next().unwrap().subtype().to_string();
    assert_eq!((detached.body(), subtype(&detached)), (message.body(), "B".to_owned()));
}

#[test]
fn annotations_are_read_with_values_or_as_names_alone() {
    // RFC 5257 §4.3
    let message = parse(
        b"* 12 FETCH (UID 1123 ANNOTATION (/comment (value.priv \"My comment\" value.shared NIL size.priv ~{2}\r\n10) \
          /altsubject (value.priv {4}\r\nRe: )))\r\n"
            .to_vec(),
    );
    let all: Vec<_> = message.annotations().collect();
    assert_eq!(all.iter().map(|one| one.entry().to_string()).collect::<Vec<_>>(), ["/comment", "/altsubject"]);
    let value = |at: usize, name: &str| all[at].value(name).map(|value| value.to_string());
    assert_eq!((value(0, "VALUE.priv"), value(0, "value.shared")), (Some("My comment".into()), None));
    assert_eq!((value(0, "size.priv"), value(1, "value.priv")), (Some("10".into()), Some("Re: ".into())));
    let changed = parse(b"* 12 FETCH (ANNOTATION (/comment \"/flags\") UID 2)\r\n".to_vec());
    assert_eq!(changed.annotations().map(|one| one.entry().to_string()).collect::<Vec<_>>(), ["/comment", "/flags"]);
    assert!(changed.annotations().all(|one| one.attributes().next().is_none()));
    for odd in ["NIL", "()"] {
        let none = parse(format!("* 1 FETCH (ANNOTATION {odd} UID 3)\r\n").into_bytes());
        assert_eq!((none.annotations().count(), none.defects().count()), (0, 0));
    }
    for wrong in ["x", "(/a (b))", "(/a /b (c d))"] {
        let broken = parse(format!("* 1 FETCH (ANNOTATION {wrong} UID 3)\r\n").into_bytes());
        assert_eq!((broken.annotations().count(), broken.defects().count()), (0, 1), "{wrong}");
        assert_eq!(broken.uid().map(u32::from), Some(3));
    }
}

/// Asks for everything there is.
fn touch(message: &Fetched) {
    let _ = (format!("{message:?}"), message.internal_date(), message.save_date(), message.size(), message.modseq());
    let _ = (
        message.body(),
        message.raw(),
        message.email_id(),
        message.gmail_labels().map(Iterator::count),
        message.from(),
    );
    message.annotations().for_each(|one| drop((one.entry().to_string(), one.attributes().count())));
    message.sections().for_each(|section| drop((section.name(), section.origin(), section.bytes())));
    let _ = (
        format!("{:?}", message.envelope()),
        message.unknown().count(),
        message.binary_size(&Section::part(&[1]).unwrap()),
    );
    let parts = message.body_structure().into_iter().flat_map(|body| body.walk());
    for part in parts {
        let _ = (format!("{part:?}"), part.filename(), part.language().count(), part.lines(), part.envelope());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic_or_write_much_more_than_it_read(
        pieces in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..4),
                proptest::sample::select(vec![
                    "(", ")", " ", "\"", "\\", "NIL", "{2}\r\n", "~{0}\r\n", "\r\n", "()", "\"a\"", "(\"a\" \"b\")", "1", "-1", "[", "]<0>",
                    "UID ", "FLAGS (", "ENVELOPE (", "BODYSTRUCTURE (", "BODY[", "BODY[] ", "INTERNALDATE ", "X-GM-LABELS (", "MODSEQ (", "ANNOTATION (", "a (b c)",
                    "(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 1 (", "(\"TEXT\" \"PLAIN\" (\"C\" \"D\") NIL NIL \"7BIT\" 1 2)", "\"MIXED\")",
                ]).prop_map(|text| text.as_bytes().to_vec()),
            ],
            0..40,
        ),
    ) {
        let frame = [b"* 1 FETCH (", &pieces.concat()[..], b")\r\n"].concat();
        let mut tape = Vec::new();
        let read = read(&frame, 0, &[], &Limits::default(), &mut tape);
        prop_assert!(read.is_ok());
        prop_assert!(tape.len() * 4 <= 64 + frame.len() * 30, "{} words for {} bytes", tape.len(), frame.len());
        touch(&parse(frame));
    }
}

#[test]
fn memory_is_in_proportion_to_what_was_sent() {
    for (head, piece) in [
        ("* 1 FETCH (", ")"),
        ("* 1 FETCH (", "X "),
        ("* 1 FETCH (", "(X)"),
        ("* 1 FETCH (", "BODY (a) "),
        ("* 1 FETCH (", "ENVELOPE () "),
        ("* 1 FETCH (BODY (", "(a)"),
        ("* 1 FETCH (ENVELOPE (NIL NIL (", "()"),
    ] {
        let frame = format!("{head}{}\r\n", piece.repeat(100_000 / piece.len()));
        let mut words = Vec::new();
        read(frame.as_bytes(), 0, &[], &Limits::default(), &mut words).unwrap();
        assert!(words.len() <= 5200 + frame.len() + 80_000, "{head}{piece}: {} words", words.len());
    }
}

#[test]
fn great_messages_that_are_well_formed_are_read_whole() {
    let part = "(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1)".repeat(9_000);
    let address = "(NIL NIL \"a\" \"b\")".repeat(50_000);
    let message =
        clean(&format!("BODY ({part} \"DIGEST\") ENVELOPE (NIL NIL NIL NIL NIL ({address}) NIL NIL NIL NIL)"));
    assert_eq!(message.body_structure().unwrap().children().count(), 9_000);
    assert_eq!(message.envelope().unwrap().to().len(), 50_000);
}
