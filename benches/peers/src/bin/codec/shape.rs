//! Responses that a server can make long, each of any requested length. It must not know how they are read.

/// One shape: its name, and a function that makes it of about a number of bytes.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) make: fn(usize) -> Vec<u8>,
}

/// The kind of the bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Responses of an IMAP server.
    Imap,
    /// The body of a multi-line reply of POP3.
    Multiline,
    /// The same, whose lines are those of LIST.
    Listing,
}

/// All shapes.
pub(crate) const SHAPES: [Shape; 29] = [
    imap("text line", |size| filled(size, "* OK ", |_| "all is well, ".into(), "\r\n")),
    imap("unknown line", |size| filled(size, "* XYZZY", |n| format!(" (a \"{n}\")"), "\r\n")),
    imap("blank lines", |size| filled(size, "", |_| "\0\0\r\n".into(), "* 1 EXISTS\r\n")),
    imap("search numbers", |size| filled(size, "* SEARCH", |n| format!(" {}", 100_000_000 + 3 * n), "\r\n")),
    imap("search ranges", |size| {
        let range = |n: usize| format!(",{0}:{1}", 100_000_000 + 5 * n, 100_000_002 + 5 * n);
        filled(size, "* ESEARCH (TAG \"a\") UID ALL 1", range, "\r\n")
    }),
    imap("vanished, descending", |size| {
        filled(size, "* VANISHED (EARLIER) 4294967295", |n| format!(",{}", 4_000_000_000 - 3 * n), "\r\n")
    }),
    imap("copied sets", |size| {
        let set = |size| filled(size, "1", |n| format!(",{}", 100_000_000 + 3 * n), " ");
        [b"* OK [COPYUID 1 ".to_vec(), set(size / 2), set(size / 2), b"x] copied\r\n".to_vec()].concat()
    }),
    imap("threads", |size| filled(size, "* THREAD ", |n| format!("({})", 100_000_000 + n), "\r\n")),
    imap("one thread", |size| filled(size, "* THREAD (1", |n| format!(" {}", 100_000_000 + n), ")\r\n")),
    imap("keywords of a mailbox", |size| filled(size, "* FLAGS (\\Seen", |n| format!(" keyword{n}"), ")\r\n")),
    imap("flags of a message", |size| filled(size, "* 1 FETCH (FLAGS (\\Seen", |n| format!(" k{n}"), "))\r\n")),
    imap("addresses", |size| {
        let head = format!("* 1 FETCH (ENVELOPE (\"date\" \"subject\" {0} {0} {0} (", "((NIL NIL \"a\" \"b\"))");
        filled(size, &head, |n| format!("(\"Ann\" NIL \"ann{n}\" \"example.org\")"), ") NIL NIL NIL \"<id>\"))\r\n")
    }),
    imap("literals", |size| {
        // A response may have 65,536 literals.
        let literal = |_| format!(" BODY[HEADER] {{1100}}\r\n{}", "Header: value\r\n".repeat(74).split_at(1_100).0);
        filled(size, "* 1 FETCH (UID 1", literal, ")\r\n")
    }),
    imap("escapes", |size| {
        filled(size, "* 1 FETCH (ENVELOPE (NIL \"", |_| "\\\"\\\\".into(), "\" NIL NIL NIL NIL NIL NIL NIL NIL))\r\n")
    }),
    imap("many parts", |size| {
        // A structure may have 10,000 parts.
        let long = PART.replace("\"charset\"", &format!("{}\"charset\"", "\"name\" \"value\" ".repeat(500)));
        filled(size, "* 1 FETCH (BODYSTRUCTURE (", |_| long.clone(), " \"mixed\" NIL NIL NIL NIL))\r\n")
    }),
    imap("a deep part", |size| {
        let head = format!("* 1 FETCH (BODYSTRUCTURE {}(\"text\" \"plain\" (\"charset\" \"utf-8\"", "(".repeat(90));
        let tail = format!(") NIL NIL \"7bit\" 42 1){})\r\n", " \"mixed\")".repeat(90));
        filled(size, &head, |n| format!(" \"name{n}\" \"value\""), &tail)
    }),
    imap("unreadable attributes", |size| filled(size, "* 1 FETCH (UID 1", |_| " UID x ENVELOPE (y)".into(), ")\r\n")),
    imap("annotations", |size| {
        // A METADATA response may have 10,000 entries.
        let entry = |n| format!("/shared/{n} \"{}\" ", "value ".repeat(1300));
        filled(size, "* METADATA \"\" (", entry, "/x NIL)\r\n")
    }),
    Shape { name: "dots", kind: Kind::Multiline, make: |size| filled(size, "", |_| "..\r\n. x\r\n".into(), ".\r\n") },
    Shape {
        name: "listing",
        kind: Kind::Listing,
        make: |size| filled(size, "", |n| format!("{} 4711\r\n", n + 1), ".\r\n"),
    },
    // The smallest possible tokens, as in the project's `tests/amplification`. A response may have 65,536 literals: their shape is above.
    imap("empty lists", |size| filled(size, "* 1 FETCH (UID 10 ENVELOPE (", |_| "() ".into(), "))\r\n")),
    imap("NILs", |size| filled(size, "* 1 FETCH (UID 10 X-NOTE (", |_| "NIL ".into(), "))\r\n")),
    imap("one-octet flags", |size| filled(size, "* 1 FETCH (FLAGS (", |_| "a ".into(), "))\r\n")),
    imap("one-octet values", |size| filled(size, "* 1 FETCH (UID 10", |_| " X 1".into(), ")\r\n")),
    imap("one-octet names", |size| filled(size, "* CAPABILITY", |_| " a".into(), "\r\n")),
    imap("short numbers", |size| filled(size, "* SEARCH", |_| " 1 3 5 7 9".into(), "\r\n")),
    imap("copied short numbers", |size| {
        let set = |size| filled(size, "1", |_| ",3".into(), " ");
        [b"* OK [COPYUID 1 ".to_vec(), set(size / 2), set(size / 2), b"x] copied\r\n".to_vec()].concat()
    }),
    Shape {
        name: "one-octet lines",
        kind: Kind::Multiline,
        make: |size| filled(size, "", |_| "x\r\n".into(), ".\r\n"),
    },
    Shape { name: "short rows", kind: Kind::Listing, make: |size| filled(size, "", |_| "1 1\r\n".into(), ".\r\n") },
];

const PART: &str = "(\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 42 1 NIL NIL NIL NIL)";

const fn imap(name: &'static str, make: fn(usize) -> Vec<u8>) -> Shape {
    Shape { name, kind: Kind::Imap, make }
}

/// A head, as many items as fit, and a tail.
fn filled(size: usize, head: &str, item: impl Fn(usize) -> String, tail: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size + 4_096);
    bytes.extend_from_slice(head.as_bytes());
    for n in 0.. {
        if bytes.len() + tail.len() >= size {
            break;
        }
        bytes.extend_from_slice(item(n).as_bytes());
    }
    bytes.extend_from_slice(tail.as_bytes());
    bytes
}
