//! Response codes as `{name, data}`.

use postroom::imap::codec::text::resp_text;
use postroom::imap::{ResponseCode, SeqNum, Uid, UidValidity};
use serde_json::{Value, json};

use super::set::written;
use super::value::value;

/// `null` if there is none.
pub fn code(code: Option<&ResponseCode>, frame: &[u8]) -> Value {
    code.map_or(Value::Null, |code| json!({ "name": code.name().to_ascii_uppercase(), "data": data(code, frame) }))
}

fn data(code: &ResponseCode, frame: &[u8]) -> Value {
    match code {
        ResponseCode::BadCharset(charsets) if charsets.is_empty() => Value::Null,
        ResponseCode::BadCharset(charsets) => json!(charsets),
        ResponseCode::Capability(capabilities) => capabilities.iter().collect(),
        ResponseCode::PermanentFlags(flags) => flags.iter().collect(),
        ResponseCode::UidNext(uid) => json!(uid.map_or(0, Uid::as_u32)),
        ResponseCode::UidValidity(validity) => json!(validity.map_or(0, UidValidity::as_u32)),
        ResponseCode::Unseen(seq) => json!(seq.map_or(0, SeqNum::as_u32)),
        ResponseCode::HighestModSeq(modseq) => json!(modseq),
        ResponseCode::AppendUid(uids) => {
            json!({ "uidvalidity": uids.validity().map_or(0, UidValidity::as_u32), "dest": written(uids, frame) })
        }
        // Two empty sets, as some servers send them, are in no grammar.
        ResponseCode::CopyUid(copied) if copied.from().is_empty() => json!({ "unparsed": bracketed(frame) }),
        ResponseCode::CopyUid(copied) => json!({
            "uidvalidity": copied.validity().map_or(0, UidValidity::as_u32),
            "source": written(copied.from(), frame),
            "dest": written(copied.to(), frame),
        }),
        ResponseCode::Modified(uids) => written(uids, frame),
        // RFC 2193 §3: the servers that have the mailbox, of which there may be several.
        ResponseCode::Referral(urls) => match urls.split_whitespace().collect::<Vec<_>>().as_slice() {
            [url] => json!(url.trim_matches('"')),
            urls => json!(urls),
        },
        ResponseCode::InProgress(progress) if bracketed(frame).contains('(') => {
            json!([progress.tag, progress.done, progress.goal])
        }
        ResponseCode::MailboxId(id) => json!(id),
        ResponseCode::UrlMechanisms(mechanisms) => json!(mechanisms),
        ResponseCode::NoUpdate(tag) => json!(tag),
        ResponseCode::UndefinedFilter(name) => json!(name),
        ResponseCode::Other(code) if code.data().is_empty() => Value::Null,
        // A number larger than its kind may be.
        ResponseCode::Other(code) if has_grammar(code.name()) => match code.data().parse::<u64>() {
            Ok(number) => json!(number),
            Err(_) => json!({ "unparsed": code.data() }),
        },
        ResponseCode::Other(code) => json!(code.data()),
        code if code.data().is_empty() => Value::Null,
        code => value(code.data().as_bytes()),
    }
}

/// Whether an RFC defines data for that code, so that data in another form was kept raw.
fn has_grammar(name: &str) -> bool {
    const WITH_DATA: [&str; 18] = [
        "UIDNEXT",
        "UIDVALIDITY",
        "UNSEEN",
        "HIGHESTMODSEQ",
        "APPENDUID",
        "COPYUID",
        "MODIFIED",
        "MAILBOXID",
        "PERMANENTFLAGS",
        "ANNOTATE",
        "ANNOTATIONS",
        "METADATA",
        "BADEVENT",
        "NOUPDATE",
        "MAXCONVERTMESSAGES",
        "MAXCONVERTPARTS",
        "INPROGRESS",
        "MESSAGELIMIT",
    ];
    let is_known = |code| !matches!(code, None | Some(ResponseCode::Other(_)));
    WITH_DATA.iter().any(|known| known.eq_ignore_ascii_case(name))
        || is_known(resp_text(format!("[{name}]").as_bytes()).0)
}

/// What follows the code's name.
fn bracketed(frame: &[u8]) -> String {
    let text = String::from_utf8_lossy(frame);
    let inside = text.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("", |(inside, _)| inside);
    inside.split_once(' ').map_or("", |(_, data)| data).to_owned()
}
