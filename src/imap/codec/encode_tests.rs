//! How arguments are written, and which are refused.

use super::*;

/// A command without its name and line end: literals in `<>`, what is secret in `!`.
fn form(line: Result<Line>) -> String {
    let show = |segment: &Segment| match segment {
        Segment::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Segment::Secret(bytes) => format!("!{}!", String::from_utf8_lossy(bytes)),
        Segment::Literal { bytes, secret } => {
            let mark = if *secret { "!" } else { "" };
            format!("<{mark}{}{mark}>", String::from_utf8_lossy(bytes))
        }
        Segment::Upload { size } => format!("<{size}>"),
    };
    let whole: String = line.unwrap().finish().iter().map(show).collect();
    whole.strip_prefix("X ").and_then(|whole| whole.strip_suffix("\r\n")).unwrap().to_owned()
}

fn line() -> Line {
    Line::new("X")
}

#[test]
fn a_string_is_quoted_where_it_can_be_and_a_literal_elsewhere() {
    for (text, sent, secret) in [
        ("", r#""""#, r#"!""!"#),
        ("a b", r#""a b""#, r#"!"a b"!"#),
        (r#"a"\"#, r#""a\"\\""#, r#"!"a\"\\"!"#),
        ("a\tb", "<a\tb>", "<!a\tb!>"),
        ("ä", "<ä>", "<!ä!>"),
    ] {
        assert_eq!((form(line().string(text)), form(line().secret(text))), (sent.to_owned(), secret.to_owned()));
    }
    let (longest, longer) = ("x ".repeat(QUOTED / 2), "x".repeat(QUOTED + 1));
    assert_eq!(form(line().string(&longest)), format!("\"{longest}\""));
    assert_eq!(form(line().string(&longer)), format!("<{longer}>"));
    assert_eq!(form(line().astring(&longer[1..])), longer[1..]);
    assert_eq!(form(line().astring(&longer)), format!("<{longer}>"));
    for nul in [line().string("a\0"), line().astring("\0"), line().secret("a\0b")] {
        assert_eq!(nul.unwrap_err().kind(), crate::Kind::Input);
    }
}

#[test]
fn words_are_bare_where_the_grammar_has_them_bare() {
    for (text, sent) in [("a]b", "a]b"), ("", "\"\""), ("a(b", "\"a(b\""), ("a*", "\"a*\""), ("NIL", "NIL")] {
        assert_eq!(form(line().astring(text)), sent);
    }
    let name = |name: &str, utf8| form(line().mailbox(&MailboxName::new(name).unwrap(), utf8));
    assert_eq!((name("NIL", false), name("a]", true)), ("\"NIL\"".into(), "a]".into()));
    assert_eq!((name("ä b", false), name("ä b", true)), ("\"&AOQ- b\"".into(), "\"ä b\"".into()));
    assert_eq!((name("a\tb", true), name("a\u{7f}b", true)), ("<a\tb>".into(), "<a\u{7f}b>".into()));
}

#[test]
fn dates_have_their_letters_and_their_zone() {
    let day = Date::from_calendar_date(2026, time::Month::February, 3).unwrap();
    assert_eq!(date(day).unwrap(), "3-Feb-2026");
    for (hours, minutes, sent) in [(1, 30, "+0130"), (-8, 0, "-0800"), (0, 0, "+0000"), (0, -30, "-0030")] {
        let zone = time::UtcOffset::from_hms(hours, minutes, 0).unwrap();
        let time = OffsetDateTime::new_in_offset(day, time::Time::from_hms(4, 5, 6).unwrap(), zone);
        assert_eq!(form(line().date_time(time)), format!("\"03-Feb-2026 04:05:06 {sent}\""));
    }
}
