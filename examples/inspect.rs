//! Shows what a server said: raw bytes in, one JSON object per response and line out. It needs no server and asks nobody.
//!
//! ```text
//! cargo run --example inspect --features testing -- imap FILE...
//! cargo run --example inspect --features testing -- pop3 [--command RETR] [--multiline] FILE...
//! ```
//!
//! The status is 0 when all was read, 1 when something was incomplete or refused, 2 when the command line or a file was.
//!
//! # What every object may have
//!
//! | key | value |
//! |---|---|
//! | `type` | what it is, in upper case: `FETCH`, `OK`, `LIST`... |
//! | `defects` | what had to be forgiven or could not be read: `{"attribute", "reason", "raw"}`, `{"too_large": n}` or `{"forgiven"}`; only where there is something |
//! | `incomplete` | `true`: more bytes are needed |
//! | `error`, `offset` | why it cannot be read, and at which byte of the file |
//!
//! Strings that are not UTF-8 are `{"latin1": ".."}`, each byte one character. What the server did not say is `null`. Words whose
//! letter case means nothing (capabilities, media types, names of parameters and of transfer encodings) are in upper case. Sets are
//! strings, and as the server wrote them.
//!
//! # IMAP
//!
//! | `type` | keys |
//! |---|---|
//! | `OK` `NO` `BAD` `BYE` `PREAUTH` | `tag` (where there is one), `code` (`{name, data}` or `null`), `text` |
//! | `CONTINUATION` | `code`, `text` |
//! | `CAPABILITY` `ENABLED` | `caps` |
//! | `FLAGS` | `flags` |
//! | `EXISTS` `RECENT` `EXPUNGE` | `n` |
//! | `LIST` `LSUB` `XLIST` | `attrs`, `delim`, `mailbox`, `ext` (where there is some: name to value) |
//! | `STATUS` | `mailbox`, `items`: name to value; what is no number of an item that no RFC knows is `{"data"}` |
//! | `SEARCH` `SORT` | `ids` in the server's order, `modseq` (where there is one); a `SEARCH` that speaks like `ESEARCH` has its keys |
//! | `ESEARCH` | `tag`, `uid`, `data`, and of one mailbox of several `mailbox`, `uidvalidity`; `PARTIAL` in `data` is `{"range": {"begin", "end"}, "results"}`, `ADDTO` and `REMOVEFROM` are lists of `{"position", "uids"}` |
//! | `THREAD` | `threads`: `{"id": n or null, "children": []}` |
//! | `NAMESPACE` | `personal`, `other`, `shared`: lists of `{prefix, delim, ext}`, empty for NIL |
//! | `ID` | `params`: name to value; `null` for NIL |
//! | `VANISHED` | `uids`, `earlier` |
//! | `ACL` | `mailbox`, `data`: list of `{user, rights, mailbox}` |
//! | `LISTRIGHTS` | `mailbox`, `identifier`, `required`, `optional` (list) |
//! | `MYRIGHTS` | `mailbox`, `rights` |
//! | `QUOTA` | `root`, `resources`: list of `{name, usage, limit}`, `data`: the first as `{mailbox, usage, quota}` |
//! | `QUOTAROOT` | `data`: `{mailbox, quotaroots}` |
//! | `METADATA` | `mailbox` (empty for the server), `values`: name to value, `changed`: list of names |
//! | `LANGUAGE` | `languages` |
//! | `COMPARATOR` | `active`, `matching` |
//! | `JMAPACCESS` | `url` |
//! | `GENURLAUTH` | `urls` |
//! | `URLFETCH` | `urls`: list of `{url, data}`, with `ext` where more was asked for |
//! | `FETCH` `UIDFETCH` | `seq`, `uid`, `flags`, `internaldate`, `size`, `modseq`, `envelope`, `bodystructure`, and the rest by the names on the wire: `BODY[TEXT]<0>`, `X-GM-LABELS`... |
//! | anything else | `ignored`: `true`, `data`: `{"number", "unparsed_data"}`, `args`: the same data as a list of numbers, strings, `null` and lists |
//!
//! The name of a mailbox is as on the wire; where it is encoded, or ends in the delimiter, `decoded` stands beside it. Dates are as
//! the server wrote them. An item for which the server said NIL (`THREADID`, `PREVIEW`, `SAVEDATE`, `APPENDLIMIT`) is `null`.
//!
//! A code's `data` is a number, a string or a list, as the code has it:
//!
//! | code | `data` |
//! |---|---|
//! | `ALERT`, `NOMODSEQ` and all that have none | `null` |
//! | `UIDNEXT` `UIDVALIDITY` `UNSEEN` `HIGHESTMODSEQ` `MAXCONVERTMESSAGES` `MAXCONVERTPARTS` | a number |
//! | `CAPABILITY` `PERMANENTFLAGS` `BADCHARSET` `BADEVENT` `URLMECH` | a list of words |
//! | `APPENDUID`, `COPYUID` | `{uidvalidity, dest}`, with `source` of `COPYUID` |
//! | `MODIFIED` | a set |
//! | `MAILBOXID` `NOUPDATE` `UNDEFINED-FILTER` `BADURL` `REFERRAL` | a string; several referrals are a list |
//! | `METADATA` `ANNOTATE` `ANNOTATIONS` `MESSAGELIMIT` | a word or number, or a list of both: `["MAXSIZE", 1024]` |
//! | `INPROGRESS` | `[tag, done, goal]`, each of which may be `null` |
//! | one that no RFC knows | a string, or `null` |
//! | one whose data is not what its RFC says | `{"unparsed"}` |
//!
//! An `envelope` has `date`, `subject`, `in_reply_to`, `message_id` and six lists of `{name, adl, mailbox, host}`. A `bodystructure`
//! has `type`, `subtype`, `params`, `disposition` (`{type, params}`), `language`, `location`, and either `parts` or `id`,
//! `description`, `encoding`, `size`, `md5`, where they are due with `lines`, `envelope` and `body`; what stands behind all that is a list,
//! `extension`. An `ANNOTATION` is a list of entries, each before the list of its attributes' names and values.
//!
//! # POP3
//!
//! | key | value |
//! |---|---|
//! | `status` | `+OK`, `-ERR` or `+` |
//! | `code` | `{name, data}` or `null` |
//! | `text` | what stands behind the status |
//! | `lines`, `data` | of a multi-line reply: how many, and they, unstuffed |
//! | `values` | what the command makes of it: `{messages, octets}` of STAT, `{number, size}` or `{number, uidl}` of a listing of one, a list of them of a whole listing, `{tag, description}` of LANG, `{capabilities}` of CAPA, `{stamp}` of a greeting with one; `null` where it cannot be read |
//!
//! Without `--command` the first line is a greeting, and what stands behind a reply and is none is its body. With it, every reply is one to that command,
//! multi-line where the command says so or `--multiline` does.

#[path = "../tests/support/as_json/mod.rs"]
mod as_json;

use std::io::Write;
use std::process::ExitCode;

use as_json::{imap, pop3};
use serde_json::Value;

const USAGE: &str = "usage: inspect imap FILE...
       inspect pop3 [--command COMMAND] [--multiline] FILE...";

/// Reads the bytes of one file.
type Reader = Box<dyn Fn(&[u8]) -> Vec<Value>>;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (reader, files) = match words.next().as_deref() {
        Some("imap") => (Box::new(imap::read) as Reader, words.collect()),
        Some("pop3") => pop3_reader(words),
        _ => (Box::new(imap::read) as Reader, Vec::new()),
    };
    if files.is_empty() || files.iter().any(|file: &String| file.starts_with("--")) {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    show(&reader, &files)
}

fn pop3_reader(words: impl Iterator<Item = String>) -> (Reader, Vec<String>) {
    let (mut asked, mut files) = (pop3::Asked::default(), Vec::new());
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--command" => asked.command = words.next(),
            "--multiline" => asked.multiline = true,
            _ => files.push(word),
        }
    }
    (Box::new(move |bytes| pop3::read(bytes, &asked)), files)
}

fn show(reader: &Reader, files: &[String]) -> ExitCode {
    let mut worst = 0;
    let mut out = std::io::stdout().lock();
    for file in files {
        let bytes = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                eprintln!("{file}: {error}");
                worst = 2;
                continue;
            }
        };
        for value in reader(&bytes) {
            if value.get("incomplete").is_some() || value.get("error").is_some() {
                worst = worst.max(1);
            }
            // Whoever reads this may have seen enough.
            if writeln!(out, "{value}").is_err() {
                return ExitCode::from(worst);
            }
        }
    }
    ExitCode::from(worst)
}
