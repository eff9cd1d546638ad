//! The table of extensions in the documentation of `imap`: for each its calls, what happens without it, and where it is tried. A test
//! compares it with the committed text and with what the servers of the live tests announce. It is compiled for tests only.

use std::fmt::Write;

/// One extension.
struct Row {
    /// The capability; with `=` at its end, all that begin with it.
    capability: &'static str,
    rfc: &'static str,
    /// The calls, as links of rustdoc.
    calls: &'static str,
    without: &'static str,
    tried: Tried,
}

#[derive(Clone, Copy)]
enum Tried {
    /// On every server that announces it, by the typed call.
    Live,
    /// No server here announces it: by dialogues in the words of the RFC.
    Dialogue(&'static str),
}

/// The text that rustdoc includes.
const COMMITTED: &str = include_str!("table.md");
/// What the servers of the live tests announce.
const SERVERS: &[(&str, &str)] = &[
    ("Courier", include_str!("../../../tests/live/announced/courier.txt")),
    ("Cyrus", include_str!("../../../tests/live/announced/cyrus.txt")),
    ("Dovecot 2.3", include_str!("../../../tests/live/announced/dovecot.txt")),
    ("Dovecot 2.4", include_str!("../../../tests/live/announced/dovecot24.txt")),
    ("embedded", include_str!("../../../tests/live/announced/embedded.txt")),
    ("Mailutils", include_str!("../../../tests/live/announced/mailutils.txt")),
    ("pymap", include_str!("../../../tests/live/announced/pymap.txt")),
];

const UNSUPPORTED: &str = "`Unsupported`";

macro_rules! row {
    ($capability:literal, $rfc:literal, $calls:literal, $without:expr, $tried:expr) => {
        Row { capability: $capability, rfc: $rfc, calls: $calls, without: $without, tried: $tried }
    };
}

use Tried::{Dialogue, Live};

/// In the order of their names.
const TABLE: &[Row] = &[
    row!(
        "ACL",
        "4314",
        "[`Imap::acl`], [`set_acl`](Imap::set_acl), [`delete_acl`](Imap::delete_acl), [`list_rights`](Imap::list_rights), [`my_rights`](Imap::my_rights)",
        UNSUPPORTED,
        Live
    ),
    row!("ANNOTATE-EXPERIMENT-1", "5257", "[`Folder::annotations`], [`annotate`](Folder::annotate)", UNSUPPORTED, Live),
    row!("APPENDLIMIT", "7889", "automatic in [`Imap::append`]", "the server refuses what is too large", Live),
    row!(
        "BINARY",
        "3516",
        "[`Items::binary`], [`Items::binary_size`]; automatic in [`Folder::read_part`]",
        "of `read_part`: decoded here; otherwise `Unsupported`",
        Live
    ),
    row!("CATENATE", "4469", "[`Imap::append_composed`]", UNSUPPORTED, Live),
    row!("COMPRESS=DEFLATE", "4978", "[`Config::compress`](crate::Config::compress)", "nothing is compressed", Live),
    row!(
        "CONDSTORE",
        "7162",
        "[`Items::modseq`], [`changed_since`](Fetching::changed_since), [`unchanged_since`](Storing::unchanged_since)",
        UNSUPPORTED,
        Live
    ),
    row!("CONTEXT=SEARCH", "5267", "[`Search::live`]; positions in [`Search::returning`]", UNSUPPORTED, Live),
    row!("CREATE-SPECIAL-USE", "6154", "[`Imap::create_special`], [`special`](Imap::special)", UNSUPPORTED, Live),
    row!("ENABLE", "5161", "[`Imap::enable`]; automatic at the login", UNSUPPORTED, Live),
    row!(
        "ESEARCH",
        "4731",
        "[`Search::returning`]; automatic in [`Folder::search`]",
        "made from the answer of SEARCH",
        Live
    ),
    row!("ESORT", "5267", "[`Sort::returning`]", "made from all messages in order", Live),
    row!(
        "FILTERS",
        "5466",
        "[`Query::filter`]; [`Imap::filters`], [`filter`](Imap::filter), [`set_filter`](Imap::set_filter), [`delete_filter`](Imap::delete_filter)",
        UNSUPPORTED,
        Dialogue("RFC 5466")
    ),
    row!("ID", "2971", "[`Imap::id`]; automatic at the login", UNSUPPORTED, Live),
    row!("IDLE", "2177", "[`Folder::idle`]", "NOOP at intervals", Live),
    row!("IMAP4REV2", "9051", "automatic", "IMAP4rev1", Live),
    row!("JMAPACCESS", "9698", "[`Imap::jmap_access`]", UNSUPPORTED, Dialogue("RFC 9698")),
    row!(
        "LANGUAGE",
        "5255 §3",
        "[`Imap::languages`], [`set_language`](Imap::set_language)",
        UNSUPPORTED,
        Dialogue("RFC 5255 §3")
    ),
    row!("LIST-EXTENDED", "5258", "[`Imap::list_with`]; automatic in [`Imap::list`]", "LIST and LSUB", Live),
    row!("LIST-METADATA", "9590", "[`Imap::list_with`]", "GETMETADATA for each mailbox", Live),
    row!("LIST-MYRIGHTS", "8440", "[`Imap::list_with`]", "MYRIGHTS for each mailbox", Live),
    row!(
        "LIST-STATUS",
        "5819",
        "[`Imap::list_with`], [`folders`](Imap::folders)",
        "STATUS for each mailbox, pipelined",
        Live
    ),
    row!("LITERAL+", "7888", "automatic", "each literal waits for the server", Live),
    row!("MESSAGELIMIT", "9738", "automatic: calls are split and continued", "one command", Dialogue("RFC 9738")),
    row!(
        "METADATA",
        "5464",
        "[`Imap::metadata`], [`set_metadata`](Imap::set_metadata), [`server_metadata`](Imap::server_metadata), [`set_server_metadata`](Imap::set_server_metadata)",
        UNSUPPORTED,
        Live
    ),
    row!("MOVE", "6851", "[`Folder::move_to`]", "COPY, STORE, UID EXPUNGE", Live),
    row!("MULTIAPPEND", "3502", "[`Imap::append_all`]", "APPENDs, pipelined", Live),
    row!("MULTISEARCH", "7377", "[`Imap::search_in`]", UNSUPPORTED, Live),
    row!("NAMESPACE", "2342", "[`Imap::namespace`]", UNSUPPORTED, Live),
    row!("NOTIFY", "5465", "[`Imap::notify`], [`notify_none`](Imap::notify_none)", UNSUPPORTED, Live),
    row!("OBJECTID", "8474", "[`Items::email_id`], [`Items::thread_id`], [`Imap::thread_across`]", UNSUPPORTED, Live),
    row!(
        "PARTIAL",
        "9394",
        "[`Folder::page`], [`Fetching::partial`], [`SearchReturn`] in [`Search::returning`]",
        "of a page: windows of UIDs; of a search: made from all that it finds; of a fetch: `Unsupported`",
        Dialogue("RFC 9394")
    ),
    row!(
        "PREVIEW",
        "8970",
        "[`Items::preview`], [`Items::lazy_preview`]; automatic in [`Folder::previews`]",
        "of `previews`: made here; otherwise `Unsupported`",
        Live
    ),
    row!(
        "QRESYNC",
        "7162",
        "[`Opening::resume`], [`vanished`](FetchingChanges::vanished)",
        "CONDSTORE and UID SEARCH, else all flags",
        Live
    ),
    row!("QUOTA", "9208", "[`Imap::quotas_of`], [`quota`](Imap::quota)", UNSUPPORTED, Live),
    row!("QUOTASET", "9208", "[`Imap::set_quota`]", "the server refuses", Live),
    row!("REPLACE", "8508", "[`Folder::replace`]", "APPEND, and UID EXPUNGE once that is confirmed", Live),
    row!(
        "SASL-IR",
        "4959",
        "automatic; see [`Config::without_initial_response`](crate::Config::without_initial_response)",
        "one more round trip",
        Live
    ),
    row!("SAVEDATE", "8514", "[`Items::save_date`]", UNSUPPORTED, Live),
    row!("SEARCH=FUZZY", "6203", "[`Query::fuzzy`]", UNSUPPORTED, Live),
    row!("SEARCHRES", "5182", "[`Search::save`], [`Query::saved`]", "the UIDs are kept here", Live),
    row!("SORT", "5256", "[`Folder::sort`]", "sorted here by the same rules", Live),
    row!("SORT=DISPLAY", "5957", "[`SortKey::DISPLAY_FROM`], [`SortKey::DISPLAY_TO`]", "sorted here", Live),
    row!(
        "SPECIAL-USE",
        "6154",
        "automatic in [`Imap::list`] and [`folders`](Imap::folders)",
        "XLIST, otherwise roles by name",
        Live
    ),
    row!("STATUS=SIZE", "8438", "[`StatusItems::SIZE`] in [`Imap::status`]", UNSUPPORTED, Live),
    row!("THREAD", "5256", "[`Folder::threads`], [`Folder::thread`]", "threaded here by the same rules", Live),
    row!(
        "UIDONLY",
        "9586",
        "automatic with MESSAGELIMIT; see [`Config::uid_only`](crate::Config::uid_only)",
        "message numbers are translated here",
        Live
    ),
    row!("UIDPLUS", "4315", "[`Folder::expunge`]; UIDs in [`Appended`] and [`Transferred`]", UNSUPPORTED, Live),
    row!("UNAUTHENTICATE", "8437", "[`Imap::reauthenticate`]", UNSUPPORTED, Live),
    row!("UNSELECT", "3691", "[`Folder::unselect`]", UNSUPPORTED, Live),
    row!(
        "URLAUTH",
        "4467",
        "[`Imap::generate_urls`], [`fetch_urls`](Imap::fetch_urls), [`reset_url_key`](Imap::reset_url_key), [`reset_all_url_keys`](Imap::reset_all_url_keys)",
        UNSUPPORTED,
        Live
    ),
    row!("UTF8=ACCEPT", "9755", "automatic at the login", "modified UTF-7", Live),
    row!("WITHIN", "5032", "[`Query::younger`], [`Query::older`]", UNSUPPORTED, Live),
    row!(
        "X-GM-EXT-1",
        "none (Gmail)",
        "[`Items::gmail_labels`], [`Folder::store_labels`]",
        UNSUPPORTED,
        Dialogue("Gmail's documentation")
    ),
];

fn rendered() -> String {
    let mut text = "| extension | RFC | calls | without it | tried on |\n|---|---|---|---|---|\n".to_owned();
    for Row { capability, rfc, calls, without, tried } in TABLE {
        let tried = match tried {
            Live => announcing(capability).join(", "),
            Dialogue(source) => format!("dialogues by {source}"),
        };
        writeln!(text, "| `{capability}` | {rfc} | {calls} | {without} | {tried} |").unwrap();
    }
    text
}

/// The servers that announce it, with or without a value.
fn announcing(capability: &str) -> Vec<&'static str> {
    let is = |name: &str| name == capability || name.strip_prefix(capability).is_some_and(|rest| rest.starts_with('='));
    SERVERS.iter().filter(|(_, names)| names.lines().any(is)).map(|(server, _)| *server).collect()
}

/// `POSTROOM_UPDATE_TABLE=1` writes the file.
#[test]
fn the_table_is_the_one_of_the_documentation() {
    if std::env::var_os("POSTROOM_UPDATE_TABLE").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/imap/extension/table.md"), rendered()).unwrap();
    } else {
        assert_eq!(rendered(), COMMITTED, "run this test with POSTROOM_UPDATE_TABLE=1");
    }
}

#[test]
fn what_is_tried_live_is_announced_by_a_server_and_what_is_not_is_not() {
    for row in TABLE {
        assert_eq!(announcing(row.capability).is_empty(), matches!(row.tried, Dialogue(_)), "{}", row.capability);
    }
    assert!(TABLE.is_sorted_by_key(|row| row.capability));
}
