//! Filters that the server keeps (RFC 5466), by its examples.

use postroom::Kind;
use postroom::imap::{FilterScope, Query, Uids};

use crate::support::{greeted, plaintext, scripted};

const OFFERED: &str = "S: * PREAUTH [CAPABILITY IMAP4rev1 METADATA-SERVER FILTERS] ready\n";

#[tokio::test(start_paused = true)]
async fn filters_are_entries_of_the_server() {
    let dialogue = "
        C: {A} SETMETADATA \"\" (/private/filters/values/on-the-road \"OR SMALLER 5000 FROM \\\"boss@example.com\\\"\" \
         /private/filters/descriptions/on-the-road \"on the road\")
        S: {A} OK SETMETADATA complete
        C: {B} GETMETADATA (DEPTH 1) \"\" (/private/filters/values /private/filters/descriptions /shared/filters/values \
         /shared/filters/descriptions)
        S: * METADATA \"\" (/shared/filters/values/urgent \"FLAGGED\" /private/filters/values/on-the-road \"SMALLER 5000\")
        S: * METADATA \"\" (/private/filters/descriptions/on-the-road \"on the road\" /private/filters/values/gone NIL)
        S: * METADATA \"\" (/shared/filters/values/on-the-road \"ALL\" /private/filters/descriptions/stray \"x\")
        S: {B} OK done
        C: {C} GETMETADATA \"\" (/private/filters/values/urgent /private/filters/descriptions/urgent \
         /shared/filters/values/urgent /shared/filters/descriptions/urgent)
        S: * METADATA \"\" (/private/filters/values/urgent NIL /shared/filters/values/urgent \"FLAGGED\")
        S: {C} OK done
        C: {D} SETMETADATA \"\" (/shared/filters/values/urgent NIL /shared/filters/descriptions/urgent NIL)
        S: {D} OK done
        C: {E} GETMETADATA \"\" (/private/filters/values/urgent /private/filters/descriptions/urgent \
         /shared/filters/values/urgent /shared/filters/descriptions/urgent)
        S: * METADATA \"\" ()
        S: {E} OK done
        C: {F} SETMETADATA \"\" (/private/filters/values/one-too-many \"ALL\" /private/filters/descriptions/one-too-many NIL)
        S: {F} NO [METADATA TOOMANY] enough
        C: {S} SELECT INBOX
        S: * 3 EXISTS
        S: {S} OK [READ-WRITE] done
        C: {G} UID SEARCH FILTER on-the-road
        S: {G} NO [UNDEFINED-FILTER on-the-road] no such filter
    ";
    let (script, imap) = scripted(&format!("{OFFERED}{dialogue}"), plaintext()).await;
    let imap = imap.unwrap();
    let query = Query::smaller(5000).or(Query::from("boss@example.com"));
    imap.set_filter(FilterScope::Private, "on-the-road", &query, Some("on the road")).await.unwrap();
    let filters = imap.filters().await.unwrap();
    let shown: Vec<_> = filters
        .iter()
        .map(|filter| format!("{} {} {} {:?}", filter.scope, filter.name, filter.criteria, filter.description))
        .collect();
    let expected = [
        "private on-the-road SMALLER 5000 Some(\"on the road\")",
        "shared on-the-road ALL None",
        "shared urgent FLAGGED None",
    ];
    assert_eq!(shown, expected);
    let urgent = imap.filter("urgent").await.unwrap().unwrap();
    assert_eq!((urgent.scope, &*urgent.criteria), (FilterScope::Shared, "FLAGGED"));
    imap.delete_filter(FilterScope::Shared, "urgent").await.unwrap();
    assert_eq!(imap.filter("urgent").await.unwrap(), None);
    let error = imap.set_filter(FilterScope::Private, "one-too-many", &Query::all(), None).await.unwrap_err();
    assert!(error.kind() == Kind::Rejected && error.code().is_some_and(|code| code.is("METADATA")), "{error:?}");
    let folder = imap.into_folder("INBOX").await.unwrap();
    let error = folder.search(&Query::filter("on-the-road")).await.unwrap_err();
    assert!(error.code().is_some_and(|code| code.is("UNDEFINED-FILTER")), "{error:?}");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_a_filter_is_refused_before_anything_is_sent() {
    let (script, imap) = scripted(OFFERED, plaintext()).await;
    let imap = imap.unwrap();
    for (name, query) in [("a/b", Query::all()), ("", Query::all()), ("a b", Query::all()), ("a", Query::saved())] {
        let error = imap.set_filter(FilterScope::Private, name, &query, None).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Input, "{name}");
    }
    assert_eq!(imap.filter("ü").await.unwrap_err().kind(), Kind::Input);
    script.finish().await.unwrap();
    let (script, imap) = greeted("", plaintext()).await;
    assert_eq!(imap.filters().await.unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(imap.filter("a").await.unwrap_err().kind(), Kind::Unsupported);
    let query = Query::uids(Uids::ALL);
    assert_eq!(imap.set_filter(FilterScope::Shared, "a", &query, None).await.unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(imap.delete_filter(FilterScope::Shared, "a").await.unwrap_err().kind(), Kind::Unsupported);
    script.finish().await.unwrap();
}
