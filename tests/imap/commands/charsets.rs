//! Searches for texts that a server does not accept in UTF-8: in a charset that it names, and in whole messages that are downloaded.

use postroom::Kind;
use postroom::imap::{Append, Query, SearchReturn};
use postroom::testing::Server;

use crate::support::{embedded, plaintext, selected};

#[tokio::test(start_paused = true)]
async fn a_search_is_repeated_in_a_charset_that_the_server_names_and_that_holds_the_text() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (COUNT) CHARSET UTF-8 UNSEEN BODY {4}
        S: {A} NO [BADCHARSET (US-ASCII KOI8-R ISO-8859-1 ISO-8859-15)] unknown
        C: {B} UID SEARCH RETURN (ALL) CHARSET ISO-8859-1 UNSEEN BODY {3}
        S: + go on
        C-raw: f\\xfcr\\r\\n
        S: * ESEARCH (TAG \"{B}\") UID ALL 2,5
        S: {B} OK done
        C: {C} UID SEARCH RETURN (ALL) CHARSET UTF-8 SUBJECT {5}
        S: {C} NO [BADCHARSET (US-ASCII ISO-8859-1 ISO-8859-15)] unknown
        C: {D} UID SEARCH RETURN (ALL) CHARSET ISO-8859-15 SUBJECT {3}
        S: + go on
        C-raw: 5 \\xa4\\r\\n
        S: {D} NO [BADCHARSET (US-ASCII)] not that either
        C: {E} UID SEARCH RETURN (ALL) ALL
        S: * ESEARCH (TAG \"{E}\") UID ALL 1
        S: {E} OK done
        C: {F} UID FETCH 1 (UID ENVELOPE)
        S: * 1 FETCH (UID 1 ENVELOPE (NIL \"=?utf-8?q?it_is_5_=E2=82=AC?=\" NIL NIL NIL NIL NIL NIL NIL NIL))
        S: {F} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let query = Query::unseen().and(Query::body("für"));
    let found = folder.search(&query).returning(SearchReturn::new().count()).await.unwrap();
    assert_eq!((found.count, found.all), (Some(2), None));
    assert_eq!(folder.search(&Query::subject("5 €")).await.unwrap().to_string(), "1");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn whole_messages_are_downloaded_if_the_query_allows_it() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (ALL) CHARSET UTF-8 SEEN OR FROM \"x\" TEXT {4}
        S: {A} NO [BADCHARSET] unknown
        C: {B} UID SEARCH RETURN (ALL) SEEN
        S: * ESEARCH (TAG \"{B}\") UID ALL 10:12
        S: {B} OK done
        C: {C} UID FETCH 10:12 (UID RFC822.SIZE ENVELOPE)
        S: * 1 FETCH (UID 10 RFC822.SIZE 20 ENVELOPE (NIL NIL ((NIL NIL \"x\" \"y\")) NIL NIL NIL NIL NIL NIL NIL))
        S: * 2 FETCH (UID 11 RFC822.SIZE 20 ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL))
        S: * 3 FETCH (UID 12 RFC822.SIZE 20 ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL))
        S: {C} OK done
        C: {D} UID FETCH 11:12 (UID RFC822.SIZE ENVELOPE BODY.PEEK[])
        S: * 2 FETCH (UID 11 RFC822.SIZE 20 ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) BODY[] {20}
        S: Subject: a
        S: 
        S: nothing)
        S: * 3 FETCH (UID 12 RFC822.SIZE 24 ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) BODY[] {24}
        S: Subject: b
        S: 
        S: F\u{dc}R alle
        S: )
        S: {D} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let text = Query::from("x").or(Query::text("für").client_side(50));
    assert_eq!(folder.search(&Query::seen().and(text)).await.unwrap().to_string(), "10,12");
    script.finish().await.unwrap();
}

/// What may match is 20 octets too large; nothing is downloaded. The other server declares less than it sends.
#[tokio::test(start_paused = true)]
async fn no_more_is_downloaded_than_the_query_allows() {
    let sizes = |one: u32| {
        format!(
            "
            C: {{A}} UID SEARCH RETURN (ALL) CHARSET UTF-8 BODY {{4}}
            S: {{A}} NO [BADCHARSET] unknown
            C: {{B}} UID SEARCH RETURN (ALL) ALL
            S: * ESEARCH (TAG \"{{B}}\") UID ALL 10:11
            S: {{B}} OK done
            C: {{C}} UID FETCH 10:11 (UID RFC822.SIZE)
            S: * 1 FETCH (UID 10 RFC822.SIZE {one})
            S: * 2 FETCH (UID 11 RFC822.SIZE 10)
            S: {{C}} OK done
            "
        )
    };
    let query = Query::body("für").client_side(30);
    let (script, folder) = selected(&sizes(40), plaintext()).await;
    let error = folder.search(&query).await.unwrap_err();
    assert!(error.kind() == Kind::Limit && error.to_string().contains("50 octets"), "{error}");
    script.finish().await.unwrap();

    let more = "
        C: {D} UID FETCH 10:11 (UID RFC822.SIZE BODY.PEEK[])
        S: * 1 FETCH (UID 10 RFC822.SIZE 5 BODY[] {31}
        S: Subject: a
        S: 
        S: 1234567890123456)
        S: * 2 FETCH (UID 11 RFC822.SIZE 10 BODY[] {0}
        S: )
        S: {D} OK done
    ";
    let (script, folder) = selected(&format!("{}{more}", sizes(5)), plaintext()).await;
    assert_eq!(folder.search(&query).await.unwrap_err().kind(), Kind::Limit);
    script.finish().await.unwrap();
}

/// On a server that reads UTF-8 and on one that does not. The embedded server searches the bytes of a message.
#[tokio::test(start_paused = true)]
async fn what_is_downloaded_and_compared_is_what_a_server_finds() {
    let texts = ["Grüße", "für alle", "nothing", "ÜBER", "日本語 text"];
    let mut answers = Vec::new();
    for ascii in [false, true] {
        let server = Server::builder().ascii_searches(ascii).in_memory().unwrap();
        let imap = embedded(&server, plaintext()).await;
        for (number, text) in texts.iter().enumerate() {
            let mail = format!(
                "Subject: {number}\r\nX-Text: {}\r\nContent-Type: text/plain; charset=utf-8\r\n\
                 Content-Transfer-Encoding: 8bit\r\n\r\n<{text}>\r\n",
                texts[(number + 1) % texts.len()]
            );
            imap.append("INBOX", Append::from(mail)).await.unwrap();
        }
        let folder = imap.into_folder("INBOX").await.unwrap();
        let mut found = Vec::new();
        for text in ["grüße", "FÜR", "über", "日本", "ö"] {
            for query in
                [Query::text(text), Query::body(text), !Query::body(text), Query::subject("1").or(Query::body(text))]
            {
                found.push(folder.search(&query.client_side(10_000)).await.unwrap().to_string());
            }
        }
        answers.push(found);
    }
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0].iter().any(|found| found == "1") && answers[0].iter().any(String::is_empty), "{answers:?}");
}
