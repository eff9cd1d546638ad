//! Known faults and gaps of the servers, each with the tests that meet it. Such a test runs all the same, and must fail with
//! these words: a repaired server, or another reason for the failure, is noticed.

use crate::server::Brand;
use crate::suite::HANGS;

/// One fault or gap of a server.
pub(crate) struct Known {
    pub(crate) server: Brand,
    pub(crate) what: &'static str,
    /// The words of the tests' panics.
    pub(crate) says: &'static str,
    pub(crate) tests: &'static [&'static str],
    /// Whether it always occurs: if not, a test may pass too.
    pub(crate) always: bool,
}

/// What is known of this test on this server.
pub(crate) fn of(server: Brand, test: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.server == server && known.tests.contains(&test))
}

use Brand::{Courier, Cyrus, Dovecot, Dovecot24, Mailutils, Pymap};

/// One line for each thing that a server does: which server, what it does, the words of the tests' panics, which tests meet it.
const KNOWN: &[Known] = &[
    known(
        Courier,
        "sends the text of an embedded message in place of the message (BODY[1]), if that is all of the outer message and has parts",
        "Uid(51) 1",
        &["imap::contents::parts_of_a_structure_are_those_of_the_bytes"],
    ),
    known(
        Mailutils,
        "shows a message with parts as text if its type has a comment or its boundaries have blanks after them, and half of a long name",
        "shows other parts than the bytes have",
        &["imap::contents::parts_of_a_structure_are_those_of_the_bytes"],
    ),
    known(
        Pymap,
        "leaves out most names of files, and counts other sizes",
        "shows other parts than the bytes have",
        &["imap::contents::parts_of_a_structure_are_those_of_the_bytes"],
    ),
    known(
        Cyrus,
        "answers FUZZY without a result if the mailbox has no index",
        "the server did not send the result of the search",
        &["imap::searching::what_matches_is_among_what_matches_approximately"],
    ),
    known(
        Cyrus,
        "reads 30 February as 2 March, not as a date that cannot be parsed (RFC 5256, 2.2)",
        "sorted otherwise",
        &["imap::sorting::odd_dates_are_read_as_the_server_reads_them"],
    ),
    known(
        Dovecot,
        "takes a Date without a time for none: it is at 00:00:00 (RFC 5256, 2.2)",
        "sorted otherwise",
        &["imap::sorting::odd_dates_are_read_as_the_server_reads_them"],
    ),
    known(
        Dovecot24,
        "takes a Date without a time for none: it is at 00:00:00 (RFC 5256, 2.2)",
        "sorted otherwise",
        &["imap::sorting::odd_dates_are_read_as_the_server_reads_them"],
    ),
    known(
        Cyrus,
        "does not decompose letters: every accent sorts after Z (RFC 5051)",
        "sorted otherwise",
        &["imap::sorting::accents_are_ordered_as_the_server_orders_them"],
    ),
    known(
        Dovecot,
        "does not change the case of letters that come from a ligature (RFC 5051, step 2 c)",
        "sorted otherwise",
        &["imap::sorting::accents_are_ordered_as_the_server_orders_them"],
    ),
    known(
        Dovecot24,
        "sorts a subject in ISO-8859-1 apart from the same one in UTF-8 (RFC 5256, 2.1)",
        "sorted otherwise",
        &["imap::sorting::accents_are_ordered_as_the_server_orders_them"],
    ),
    known(
        Cyrus,
        "orders the threads of REFS by the arrival of their newest message, Dovecot by the day it was sent",
        "threaded otherwise",
        &["imap::sorting::threads_without_subjects_are_those_of_the_server"],
    ),
    known(
        Courier,
        "leaves equal messages in no order (RFC 5256, 3: by their sequence numbers)",
        "sorted otherwise",
        &[
            "imap::sorting::what_is_sorted_here_is_as_the_server_sorts_it",
            "imap::sorting::odd_dates_are_read_as_the_server_reads_them",
            "imap::sorting::accents_are_ordered_as_the_server_orders_them",
        ],
    ),
    known(
        Courier,
        "makes a chain of all messages with one subject, where RFC 5256 has siblings, and keeps missing messages in threads",
        "threaded otherwise",
        &["imap::sorting::what_is_threaded_here_is_as_the_server_threads_it"],
    ),
    known(
        Courier,
        "says OK to RENAME of a mailbox that is not there",
        "not known as missing in RENAME: [(\"RENAME\", Ok(()))]",
        &["imap::mailboxes::a_missing_mailbox_is_known_in_every_command"],
    ),
    known(
        Mailutils,
        "says of a mailbox that is not there no more than that it failed",
        "not known as missing in STATUS, DELETE, RENAME: ",
        &["imap::mailboxes::a_missing_mailbox_is_known_in_every_command"],
    ),
    known(
        Mailutils,
        "puts a blank of its own into a folded Subject of the ENVELOPE",
        "left: Some(\"Grüße  folded\")",
        &["imap::fetch::every_item_comes_as_a_typed_value"],
    ),
    known(
        Mailutils,
        "has no UIDPLUS: nothing is expunged by its UID",
        "it does not support UIDPLUS",
        &[
            "collect::policies::a_message_that_another_session_expunges_is_gone",
            "imap::filing::moved_messages_are_there_and_not_here_and_what_others_marked_stays",
            "imap::folder::expunge_removes_only_the_named_messages_that_are_marked",
            "imap::idle::what_happened_before_idle_is_told_first",
            "imap::mailbox::commit_leaves_alone_what_another_client_marked",
            "imap::mailbox::dropping_a_mailbox_deletes_nothing",
            "imap::order::what_shifts_numbers_does_not_shift_its_neighbours",
        ],
    ),
    known(
        Mailutils,
        "has no UIDPLUS: a mailbox deletes nothing",
        "features.delete",
        &["imap::mailbox::a_boxed_mailbox_lists_reads_and_deletes_on_commit"],
    ),
    known(
        Mailutils,
        "has no UIDPLUS: a collector deletes nothing",
        "1 failed",
        &[
            "collect::policies::mail_is_moved_by_imap",
            "collect::policies::mail_stays_by_imap_for_days_and_the_newest_only",
        ],
    ),
    known(
        Mailutils,
        "has no UIDPLUS: it does not tell what copies are numbered",
        "called `Option::unwrap()` on a `None` value",
        &[
            "imap::filing::copies_are_named_by_copyuid_and_keep_their_flags",
            "imap::mailboxes::odd_names_come_back_as_they_were_or_are_refused",
        ],
    ),
    known(
        Mailutils,
        "says of a mailbox that is not there what it says of one that it cannot remove",
        "the server refused DELETE: DELETE Cannot remove",
        &["imap::mailboxes::a_mailbox_is_made_renamed_with_what_is_below_and_removed"],
    ),
    known(
        Mailutils,
        "writes the code TRYCREATE where no code can be",
        "APPEND [TRYCREATE] failed",
        &["imap::append::a_mailbox_that_is_not_there_is_refused_with_trycreate"],
    ),
    known(
        Mailutils,
        "takes the date in the message's header for its date of arrival",
        "left: Some(2026-03-02 9:00:00.0 +00:00:00)",
        &["imap::append::bytes_flags_and_date_are_kept_and_the_uid_is_told"],
    ),
    known(
        Mailutils,
        "forgets the flags that APPEND gives",
        "DRAFT",
        &["imap::searching::every_key_finds_what_it_says"],
    ),
    known(
        Mailutils,
        "offers SCRAM and CRAM-MD5 without the passwords for them",
        "user name or password (SCRAM-SHA-256-PLUS)",
        &["imap::login::every_password_mechanism_that_is_offered_logs_in"],
    ),
    known(
        Mailutils,
        "takes a quoted {5} at the end of a line for the announcement of a literal, and waits for it",
        HANGS,
        &["imap::searching::texts_of_every_kind_are_found_as_they_are"],
    ),
    known(
        Mailutils,
        "gives messages that were appended other UIDs when the mailbox is opened again",
        "UID FETCH Failed to parse message set",
        &["imap::folders::a_message_is_found_in_every_mailbox_by_its_id"],
    ),
    by_chance(known(
        Mailutils,
        "does not show a session what it appends to the selected mailbox",
        "what was stored is not listed",
        &["imap::mailbox::one_door_opens_searches_and_stores"],
    )),
    known(
        Mailutils,
        "keeps no keywords",
        "Unrecognized flag",
        &["mutated::rounds::the_same_values_come_out_through_a_mutating_proxy"],
    ),
    known(
        Mailutils,
        "has no AUTH in POP3",
        "no mechanism is offered at all",
        &["pop3::login::every_password_mechanism_that_is_offered_logs_in"],
    ),
    known(
        Mailutils,
        "writes X-UIDL into messages that UIDL named, and sends it by RETR and TOP",
        // In a list of octets.
        "88, 45, 85, 73, 68, 76, 58",
        &[
            "collect::policies::mail_stays_by_pop3_for_days_and_the_newest_only",
            "pop3::mailbox::a_boxed_mailbox_lists_reads_and_deletes_on_commit",
            "pop3::mailbox::dropping_a_mailbox_deletes_nothing",
            "pop3::mailbox::headers_and_previews_come_by_top_and_flags_are_unsupported",
        ],
    ),
    known(
        Mailutils,
        "writes X-UIDL into messages that UIDL named: they are not what they were",
        "is_home(&home, 1..=3)",
        &[
            "collect::policies::a_switch_of_protocol_brings_nothing_twice",
            "collect::policies::mail_is_copied_by_pop3_once",
            "collect::policies::mail_is_moved_by_pop3",
        ],
    ),
    known(
        Mailutils,
        "writes X-UIDL into messages that UIDL named: what is collected is no message of before",
        "\\r\\nX-UIDL: ",
        &["collect::policies::what_another_session_expunges_is_not_stored_as_something_else_by_pop3"],
    ),
    known(
        Mailutils,
        "begins a body by an empty line of its own in TOP",
        // CRLF three times, in a list of octets.
        "left: [83, 117, 98, 106, 101, 99, 116, 58, 32, 100, 111, 116, 115, 13, 10, 13, 10, 13, 10",
        &["pop3::session::tricky_messages_come_byte_for_byte_every_way"],
    ),
    known(
        Pymap,
        "counts the line end before a boundary to the part (RFC 2046, 5.1.1)",
        "2 from 0: 100002 octets",
        &["imap::parts::parts_are_read_decoded_from_any_octet_on"],
    ),
    known(
        Pymap,
        "refuses CLOSE of a mailbox that is open for reading only: without UNSELECT there is no way out",
        "the server refused CLOSE: Mailbox is read-only.",
        &[
            "imap::filing::close_removes_what_is_marked_and_unselect_does_not",
            "imap::mailboxes::odd_names_come_back_as_they_were_or_are_refused",
            "imap::mailboxes::status_counts_without_selecting",
            "mutated::rounds::the_same_values_come_out_through_a_mutating_proxy",
        ],
    ),
    known(
        Mailutils,
        "tells nothing while a session idles",
        "the event never came",
        &["imap::idle::new_mail_flags_and_expunges_of_another_session_become_events"],
    ),
    by_chance(known(
        Mailutils,
        "has the time of each FETCH as the INTERNALDATE of a message whose Date is none",
        "[Uid(11), Uid(15), Uid(18), Uid(28)]",
        &["imap::paging::threads_to_be_shown_are_those_of_thread"],
    )),
    // By chance: mail that comes before the session idles is seen by the command before it.
    by_chance(known(
        Mailutils,
        "tells nothing while a session idles: a mailbox sleeps on",
        "the mailbox slept on",
        &["imap::mailbox::idle_returns_when_mail_arrives"],
    )),
    by_chance(known(
        Pymap,
        "may forget to tell a session that idles what another one changes",
        "the event never came",
        &["imap::idle::new_mail_flags_and_expunges_of_another_session_become_events"],
    )),
    by_chance(known(
        Pymap,
        "does not tell a session that idles what happened before it did: a mailbox sleeps on",
        "the mailbox slept on",
        &["imap::mailbox::idle_returns_when_mail_arrives"],
    )),
    known(
        Pymap,
        "closes the connection, or falls silent, at the ENVELOPE of a message whose Date is not one",
        "UID FETCH on ",
        &[
            "imap::sorting::what_is_sorted_here_is_as_the_server_sorts_it",
            "imap::sorting::odd_dates_are_read_as_the_server_reads_them",
            "imap::sorting::accents_are_ordered_as_the_server_orders_them",
            "imap::sorting::what_is_threaded_here_is_as_the_server_threads_it",
            "imap::sorting::threads_without_subjects_are_those_of_the_server",
            "imap::sorting::texts_that_a_server_does_not_read_are_found_here",
            "imap::paging::pages_are_the_mailbox_in_its_order",
            "imap::paging::threads_to_be_shown_are_those_of_thread",
        ],
    ),
    known(
        Pymap,
        "ends the connection at FETCH of BINARY",
        "UID FETCH on localhost",
        &["imap::append::a_message_with_nul_is_stored"],
    ),
    known(
        Pymap,
        "counts the CRLF before a boundary as part of the body",
        "74, 86, 66, 69, 82, 105, 48, 120, 76, 106, 81, 75, 13, 10]",
        &["imap::fetch::a_body_is_read_byte_for_byte_and_not_marked_as_read"],
    ),
    known(
        Pymap,
        "writes another date into the ENVELOPE than the message has",
        "envelope.raw_date().unwrap() == ",
        &["imap::fetch::every_item_comes_as_a_typed_value"],
    ),
];

const fn known(server: Brand, what: &'static str, says: &'static str, tests: &'static [&'static str]) -> Known {
    Known { server, what, says, tests, always: true }
}

/// What depends on which of two sessions is faster.
const fn by_chance(known: Known) -> Known {
    Known { always: false, ..known }
}
