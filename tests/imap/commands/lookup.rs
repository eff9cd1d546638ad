//! A message is looked for in all mailboxes: the same result with MULTISEARCH and without, and the selection is as before.

use postroom::Kind;
use postroom::testing::Server;

use crate::support::{embedded, plaintext, scripted};

#[tokio::test(start_paused = true)]
async fn every_copy_is_found_and_nothing_is_changed() {
    for lacks in [&[][..], &["MULTISEARCH"], &["MULTISEARCH", "ESEARCH", "UNSELECT"]] {
        let builder = lacks.iter().fold(Server::builder(), |builder, name| builder.without(name));
        let server = builder.in_memory().unwrap();
        let wanted = "Message-ID: <1@example.org>\r\n\r\n";
        for (mailbox, text) in [
            ("INBOX", wanted),
            ("INBOX", "Message-ID: <11@example.org>\r\n\r\n"),
            ("INBOX", "References: <1@example.org>\r\n\r\nMessage-ID: <1@example.org>\r\n"),
            ("Archive", wanted),
            ("Sent", "Message-ID: <2@example.org>\r\n\r\n"),
        ] {
            server.deliver("alice", mailbox, text, &[]).unwrap();
        }
        let mut imap = embedded(&server, plaintext()).await;
        let before = server.snapshot("alice");
        let mut found = Vec::new();
        for id in ["<1@example.org>", "1@example.org"] {
            let located = imap.find_message_id(id).await.unwrap();
            assert!(located.unsearched.is_empty());
            found = located.messages;
            found.sort();
            let places: Vec<_> = found.iter().map(|id| id.mailbox().unwrap()).collect();
            assert_eq!(places, ["Archive", "INBOX"], "{lacks:?}");
            assert_eq!(imap.selected_folder().unwrap_err().kind(), Kind::Closed, "{lacks:?}");
        }
        let inbox = imap.select("INBOX").await.unwrap();
        assert_eq!(inbox.uid(&found[1]).unwrap().as_u32(), 1);
        for read_only in [false, true] {
            let opening = imap.open("Sent");
            drop(if read_only { opening.read_only() } else { opening }.await.unwrap());
            assert!(imap.find_message_id("none@example.org").await.unwrap().messages.is_empty());
            let info = imap.selected_folder().unwrap().info().unwrap();
            assert_eq!((info.name.as_str(), info.exists, info.read_only), ("Sent", 1, read_only), "{lacks:?}");
        }
        assert_eq!(server.snapshot("alice"), before);
        let sent = server.commands().len();
        for id in ["", "<>", "a\r\nb"] {
            assert_eq!(imap.find_message_id(id).await.unwrap_err().kind(), Kind::Input);
        }
        assert_eq!(server.commands().len(), sent);
    }
}

#[tokio::test(start_paused = true)]
async fn each_mailbox_costs_one_round_trip_and_what_is_not_searched_is_named() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1 LIST-EXTENDED LIST-STATUS SPECIAL-USE MULTISEARCH ESEARCH] ready
        C: {A} LIST \"\" \"*\" RETURN (CHILDREN SPECIAL-USE SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN))
        S: * LIST () \"/\" INBOX
        S: * STATUS INBOX (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 UNSEEN 1)
        S: * LIST () \"/\" Empty
        S: * STATUS Empty (MESSAGES 0 UIDNEXT 9 UIDVALIDITY 7 UNSEEN 0)
        S: * LIST (\\Noselect) \"/\" Level
        S: * LIST () \"/\" Closed
        S: * LIST () \"/\" Odd
        S: {A} OK done
        C: {S} STATUS Closed (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)
        C: {T} STATUS Odd (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)
        S: {S} NO no
        S: {T} NO no
        C: {M} ESEARCH IN (mailboxes (INBOX Closed Odd)) RETURN (ALL) HEADER Message-ID \"<1@x>\"
        S: {M} NO too much
        C: {B} EXAMINE INBOX
        C: {C} UID SEARCH RETURN (ALL) HEADER Message-ID \"<1@x>\"
        S: * 3 EXISTS
        S: * OK [UIDVALIDITY 7] stable
        S: {B} OK [READ-ONLY] done
        S: * ESEARCH (TAG \"{C}\") UID ALL 4
        S: {C} OK done
        C: {D} EXAMINE Closed
        C: {E} UID SEARCH RETURN (ALL) HEADER Message-ID \"<1@x>\"
        S: {D} NO [NOPERM] no
        S: {E} BAD nothing is selected
        C: {F} EXAMINE Odd
        C: {G} UID SEARCH RETURN (ALL) HEADER Message-ID \"<1@x>\"
        S: * 1 EXISTS
        S: {F} OK [READ-ONLY] done
        S: {G} NO not now
        C: {H} CLOSE
        S: {H} OK done
    ";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    let mut imap = imap.unwrap();
    let located = imap.find_message_id("1@x").await.unwrap();
    let found: Vec<_> = located.messages.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with("/INBOX/7/4"), "{found:?}");
    let unsearched: Vec<_> = located.unsearched.iter().map(|name| name.as_str()).collect();
    assert_eq!(unsearched, ["Closed", "Odd"]);
    script.finish().await.unwrap();
}
