//! Lines and messages without sense: they must not end a session, since a session ends if it panics.

use postroom::testing::Server;
use proptest::prelude::*;

use super::line::Lines;

const WORDS: &[&str] = &[
    "RETR",
    "TOP",
    "UIDL",
    "DELE",
    "RSET",
    "STAT",
    "FETCH",
    "UID",
    "STORE",
    "SEARCH",
    "LIST",
    "LSUB",
    "STATUS",
    "COPY",
    "MOVE",
    "EXPUNGE",
    "CREATE",
    "DELETE",
    "RENAME",
    "SELECT",
    "EXAMINE",
    "APPEND",
    "CLOSE",
    "ID",
    "ENABLE",
    "NAMESPACE",
    "RETURN",
    "CHARSET",
    "NOT",
    "OR",
    "1",
    "*",
    "1:*",
    "0",
    "4294967295",
    "4294967296",
    "5:2,*",
    "(",
    ")",
    "()",
    "(FLAGS",
    "BODY[",
    "BODY[]",
    "BODY[1.2.HEADER]<0.5>",
    "BODY.PEEK[1.MIME]",
    "BODY[HEADER.FIELDS (A B)]",
    "BODY[]<4294967295.4294967295>",
    "]",
    "\"",
    "\"a\\\"",
    "\"a\"",
    "\\Seen",
    "\\",
    "+FLAGS",
    "-FLAGS.SILENT",
    "FLAGS",
    "INBOX",
    "%",
    "*%*",
    "inbox/%",
    "&",
    "a&AOk-",
    "{",
    "{5",
    "{+} x",
    "{0} x",
    "ENVELOPE",
    "BODYSTRUCTURE",
    "ALL",
    "FULL",
    "SINCE",
    "1-Jan-2024",
    "32-Feb-0000",
    "HEADER",
    "TEXT",
    "\u{e9}",
    "\t",
];

const PIECES: &[&str] = &[
    "Content-Type: ",
    "multipart/mixed",
    "; boundary=b",
    "; boundary=\"b",
    "message/rfc822",
    "text",
    "/",
    "From: ",
    "To: ",
    "a@b",
    "<",
    ">",
    ":",
    ";",
    ",",
    "\"",
    "(",
    ")",
    "\\",
    "=?UTF-8?Q?x?=",
    "Subject: ",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    " ",
    "--b",
    "--b--",
    "\r\n--b\r\n",
    "\r\n.",
    "Content-Disposition: ",
    "Content-Language: ,",
    "Date: ",
    "\u{e9}",
    "\0",
];

fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_line_ends_a_session(lines in prop::collection::vec(prop::collection::vec(prop::sample::select(WORDS), 1..8), 1..8)) {
        block_on(async {
            let server = Server::builder().sample_mail().preauth(true).in_memory().unwrap();
            let mut imap = Lines::new(server.imap_stream());
            let mut pop3 = Lines::new(server.pop3_stream());
            pop3.line().await;
            pop3.pop3("AUTH PLAIN AGFsaWNlAGFsaWNlcHc=").await;
            imap.line().await;
            imap.imap("SELECT INBOX").await;
            for words in lines {
                let line = words.join(" ");
                imap.send(format!("g {line}\r\nz NOOP\r\n")).await;
                imap.until("z ").await;
                pop3.send(format!("{line}\r\nX-END\r\n")).await;
                pop3.until("-ERR Unknown").await;
            }
        });
    }

    #[test]
    fn no_message_ends_a_session(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        block_on(async {
            let server = Server::builder().preauth(true).in_memory().unwrap();
            let message = pieces.concat();
            server.deliver("alice", "INBOX", message.clone(), &[]);
            let mut imap = Lines::new(server.imap_stream());
            imap.line().await;
            imap.imap("SELECT INBOX").await;
            for what in ["FULL", "BODYSTRUCTURE", "BODY[1.2.HEADER]", "(BODY[1.MIME] BODY[2.1.TEXT] BODY[HEADER.FIELDS.NOT (To)])"] {
                imap.imap(&format!("FETCH 1 {what}")).await;
            }
            imap.imap("SEARCH OR SUBJECT x SENTON 1-Jan-2024").await;
            assert_eq!(server.snapshot("alice").unwrap().messages("INBOX")[0].bytes, message.as_bytes());
        });
    }
}
