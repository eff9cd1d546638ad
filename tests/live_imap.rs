//! The library's IMAP side against real servers, and against the embedded one.
#![cfg(feature = "testing")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[macro_use]
#[path = "support/suite.rs"]
mod suite;
#[path = "live_imap/append.rs"]
mod append;
#[path = "live_imap/connect.rs"]
mod connect;
#[path = "live_imap/fetch.rs"]
mod fetch;
#[path = "live_imap/folder.rs"]
mod folder;
#[path = "live_imap/idle.rs"]
mod idle;
#[path = "support/live.rs"]
mod live;
#[path = "live_imap/mailbox.rs"]
mod mailbox;
#[path = "support/server.rs"]
mod server;

on_every_server! {
    append {
        bytes_flags_and_date_are_kept_and_the_uid_is_told: [],
        a_reader_is_stored_byte_for_byte: [],
        a_mailbox_that_is_not_there_is_refused_with_trycreate: [],
        an_append_dropped_midway_stores_nothing_and_the_session_lives: [],
        a_reader_that_ends_too_early_stores_nothing_and_the_session_lives: [],
        an_append_that_lacks_too_much_closes_the_connection_and_stores_nothing: [],
    }
    connect {
        implicit_tls_logs_in_and_out: [],
        starttls_logs_in_encrypted: [],
        starttls_shows_nothing_of_the_login_on_the_wire: [],
        plaintext_works_where_it_is_spelled_dangerous: [],
        a_url_is_as_good_as_a_configuration: [],
        an_unknown_issuer_is_refused: [],
        tls_on_the_plaintext_port_is_a_typed_error: [],
        a_wrong_password_is_a_login_error_that_does_not_tell_it: [],
        a_nasty_password_logs_in_by_login_and_by_authenticate: [],
    }
    fetch {
        every_item_comes_as_a_typed_value: [],
        a_body_is_read_byte_for_byte_and_not_marked_as_read: [],
        a_message_of_20_mb_is_read_whole_and_in_part: [],
        a_message_over_the_limit_is_a_defect_and_its_neighbours_come: [],
        a_dropped_stream_leaves_the_session_usable: [],
        a_message_that_is_not_there_is_left_out_of_a_fetch_and_refused_by_read: [],
    }
    folder {
        names_beyond_ascii_are_listed_and_selected: [],
        select_tells_the_state_and_examine_changes_nothing: [],
        a_mailbox_that_is_not_there_is_refused_and_the_session_lives: [],
        stored_flags_are_there_in_the_next_session: [],
        expunge_removes_only_the_named_messages_that_are_marked: [],
        values_pipeline_on_one_session: [],
        uids_of_another_uidvalidity_are_refused_before_anything_is_sent: [],
    }
    idle {
        new_mail_flags_and_expunges_of_another_session_become_events: [],
        what_happened_before_idle_is_told_first: [],
    }
    mailbox {
        a_boxed_mailbox_lists_reads_and_deletes_on_commit: [],
        dropping_a_mailbox_deletes_nothing: [],
        commit_leaves_alone_what_another_client_marked: [],
        ids_outlive_the_session_and_do_not_fit_another_mailbox: [],
        flags_headers_and_previews_go_through_the_trait: [],
        idle_returns_when_mail_arrives: [],
    }
}

// Dovecot alone listens on the addresses with bad certificates, and on one that takes no password without TLS.
mod dovecot_alone {
    on_one_server! { Dovecot
        connect {
            logindisabled_is_obeyed_and_no_password_is_sent: [],
            starttls_opens_the_server_that_disabled_plain_logins: [],
            an_expired_certificate_is_refused: [],
            a_certificate_for_another_host_is_refused: [],
            a_server_that_asks_for_certificates_and_breaks_resumed_handshakes_off_is_reached_again_and_again: [],
        }
    }
}

async fn session(user: &server::User) -> postroom::imap::Imap {
    let config = live::config(&user.server, "localhost", user.server.imaps);
    postroom::imap::Imap::connect(config, live::login(user)).await.unwrap()
}
