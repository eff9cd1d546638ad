//! The IMAP side of the library against real servers, and against the embedded one.

mod acting;
mod announced;
mod append;
mod compress;
mod connect;
mod contents;
mod extensions;
mod fetch;
mod few_sessions;
mod filing;
mod folder;
mod folders;
mod gone;
mod idle;
mod login;
#[allow(clippy::duplicate_mod, reason = "the same for both protocols, each by its own `login`")]
#[path = "../../support/logins.rs"]
mod logins;
mod mailbox;
mod mailboxes;
mod notify;
mod order;
mod paging;
mod parts;
mod reauthenticate;
mod resync;
mod searching;
mod session;
mod sorting;
mod uidonly;
mod watch;

on_every_imap_server! { imap
    announced {
        the_server_announces_what_it_did_and_each_name_has_a_row: ["CAPABILITY"],
    }
    session {
        the_server_says_who_it_is: ["ID"],
        what_is_offered_is_enabled_and_what_is_not_is_not: ["ENABLE"],
        select_and_fetch_go_together: ["SELECT and FETCH in one flight"],
        literals_go_unasked_where_the_server_says_so: ["LITERAL+"],
        flags_that_are_no_words_are_refused_and_odd_words_come_back: ["UID STORE"],
    }
    resync {
        what_changed_since_is_fetched_and_what_did_not_is_stored: ["UID FETCH CHANGEDSINCE", "UID STORE UNCHANGEDSINCE"],
        a_resumption_shows_exactly_what_happened: ["SELECT QRESYNC"],
    }
    searching {
        every_key_finds_what_it_says: ["UID SEARCH"],
        numbers_are_told_by_the_server_or_counted_here: ["UID SEARCH RETURN"],
        texts_of_every_kind_are_found_as_they_are: ["UID SEARCH"],
        parts_of_a_result_are_those_of_the_whole: ["UID SEARCH PARTIAL", "UID SORT RETURN"],
        keys_of_extensions_find_what_they_say: ["SEARCHRES", "WITHIN", "SAVEDATE"],
        a_saved_result_is_fetched_stored_copied_and_moved: ["SEARCHRES"],
        an_updated_result_is_that_of_a_search: ["UID SEARCH UPDATE"],
        several_mailboxes_are_searched_at_once: ["ESEARCH"],
        what_matches_is_among_what_matches_approximately: ["SEARCH=FUZZY"],
    }
    sorting {
        what_is_sorted_here_is_as_the_server_sorts_it: ["UID SORT"],
        odd_dates_are_read_as_the_server_reads_them: [],
        accents_are_ordered_as_the_server_orders_them: [],
        what_is_threaded_here_is_as_the_server_threads_it: ["UID THREAD"],
        texts_that_a_server_does_not_read_are_found_here: ["UID SEARCH"],
        threads_without_subjects_are_those_of_the_server: ["UID THREAD REFS"],
    }
    paging {
        pages_are_the_mailbox_in_its_order: ["pages"],
        a_thread_is_found_in_several_mailboxes: ["thread_across"],
        threads_to_be_shown_are_those_of_thread: ["UID THREAD"],
    }
    order {
        calls_side_by_side_each_get_their_own_answer: ["pipelined by join!"],
        calls_on_one_folder_do_not_mix: ["pipelined by join!"],
        what_shifts_numbers_does_not_shift_its_neighbours: ["pipelined by join!"],
        a_select_waits_for_what_was_asked_of_the_mailbox_before: ["pipelined by join!"],
    }
    mailboxes {
        a_mailbox_is_made_renamed_with_what_is_below_and_removed: ["CREATE", "RENAME", "DELETE"],
        subscriptions_are_a_list_of_their_own: ["SUBSCRIBE, UNSUBSCRIBE", "LIST, subscribed"],
        status_counts_without_selecting: ["STATUS"],
        status_of_size_and_modseq_are_told_or_refused_before_anything_is_sent: ["STATUS SIZE", "STATUS HIGHESTMODSEQ"],
        namespace_tells_where_the_users_mailboxes_are: ["NAMESPACE"],
        odd_names_come_back_as_they_were_or_are_refused: ["CREATE", "RENAME", "DELETE", "LIST", "STATUS", "UID COPY"],
        a_missing_mailbox_is_known_in_every_command: ["SELECT", "STATUS", "APPEND", "UID COPY", "DELETE", "RENAME"],
        names_that_no_line_can_hold_are_refused_before_anything_is_sent: ["CREATE", "DELETE", "RENAME", "LIST", "STATUS", "APPEND"],
    }
    filing {
        copies_are_named_by_copyuid_and_keep_their_flags: ["UID COPY"],
        moved_messages_are_there_and_not_here_and_what_others_marked_stays: ["UID MOVE"],
        close_removes_what_is_marked_and_unselect_does_not: ["CLOSE", "UNSELECT"],
        one_message_is_got_by_its_uid: ["UID FETCH, get"],
    }
    acting {
        marks_are_there_in_the_next_session: ["UID STORE"],
        messages_are_filed_and_moved_back: ["UID MOVE"],
        only_the_named_messages_are_deleted: ["UID EXPUNGE"],
    }
    append {
        bytes_flags_and_date_are_kept_and_the_uid_is_told: ["APPEND"],
        a_reader_is_stored_byte_for_byte: ["APPEND"],
        a_mailbox_that_is_not_there_is_refused_with_trycreate: ["APPEND"],
        an_append_dropped_midway_stores_nothing_and_the_session_lives: ["APPEND, dropped"],
        a_reader_that_ends_too_early_stores_nothing_and_the_session_lives: ["APPEND, dropped"],
        several_messages_are_stored_in_their_order: ["APPEND of several messages"],
        several_messages_of_which_one_is_refused_are_known: ["APPEND of several messages"],
        a_message_takes_the_place_of_another: ["UID REPLACE"],
        a_replacement_dropped_midway_changes_nothing: ["UID REPLACE, dropped"],
        a_message_is_composed_of_pieces_of_others: ["APPEND CATENATE"],
        a_message_with_nul_is_stored: ["APPEND of literal8"],
        an_append_that_lacks_too_much_closes_the_connection_and_stores_nothing: ["APPEND, dropped"],
    }
    extensions {
        rights_are_given_seen_by_another_session_and_taken_away: ["GETACL, SETACL, DELETEACL", "LISTRIGHTS, MYRIGHTS"],
        annotations_of_a_mailbox_are_seen_by_another_session: ["GETMETADATA, SETMETADATA"],
        long_annotations_are_left_out_and_named: ["GETMETADATA, MAXSIZE and DEPTH"],
        the_quota_counts_what_is_stored: ["GETQUOTAROOT", "GETQUOTA"],
        limits_of_a_quota_are_set_by_who_may: ["SETQUOTA"],
        a_url_gives_a_message_until_its_key_is_reset: ["GENURLAUTH, URLFETCH, RESETKEY"],
        messages_are_annotated: ["FETCH and STORE ANNOTATION"],
        a_mailbox_is_created_for_its_use: ["CREATE-SPECIAL-USE"],
        mailboxes_are_listed_with_what_other_commands_say: ["LIST RETURN STATUS", "LIST RETURN MYRIGHTS", "LIST RETURN METADATA"],
        what_no_server_here_has_is_refused_before_anything_is_sent: ["LANGUAGE", "COMPARATOR", "GETJMAPACCESS", "STORE X-GM-LABELS"],
    }
    compress {
        a_compressed_session_does_the_same: ["COMPRESS"],
        nothing_after_the_agreement_is_in_clear: ["COMPRESS"],
    }
    reauthenticate {
        two_users_share_a_connection_and_nothing_else: ["UNAUTHENTICATE"],
    }
    uidonly {
        without_message_numbers_the_results_are_the_same: ["UIDONLY"],
    }
    connect {
        implicit_tls_logs_in_and_out: ["CAPABILITY", "LOGIN, AUTHENTICATE", "LOGOUT"],
        starttls_logs_in_encrypted: ["STARTTLS"],
        starttls_shows_nothing_of_the_login_on_the_wire: ["STARTTLS"],
        plaintext_works_where_it_is_spelled_dangerous: [],
        a_url_is_as_good_as_a_configuration: [],
        an_unknown_issuer_is_refused: [],
        tls_on_the_plaintext_port_is_a_typed_error: [],
        a_wrong_password_is_a_login_error_that_does_not_tell_it: ["LOGIN, AUTHENTICATE"],
        a_nasty_password_logs_in_by_login_and_by_authenticate: ["LOGIN, AUTHENTICATE"],
    }
    fetch {
        every_item_comes_as_a_typed_value: ["UID FETCH"],
        a_body_is_read_byte_for_byte_and_not_marked_as_read: ["UID FETCH, read"],
        a_message_of_20_mb_is_read_whole_and_in_part: ["UID FETCH, read"],
        a_message_over_the_limit_is_a_defect_and_its_neighbours_come: ["UID FETCH"],
        a_dropped_stream_leaves_the_session_usable: ["UID FETCH"],
        a_message_that_is_not_there_is_left_out_of_a_fetch_and_refused_by_read: [],
    }
    parts {
        parts_are_read_decoded_from_any_octet_on: ["UID FETCH, parts"],
        malformed_encodings_are_decoded_as_far_as_they_go: ["UID FETCH, parts"],
        many_parts_of_many_messages_come_in_groups: ["UID FETCH, parts"],
        texts_are_utf8_and_previews_are_their_first_words: ["UID FETCH, parts", "UID FETCH, previews"],
    }
    contents {
        parts_of_a_structure_are_those_of_the_bytes: ["UID FETCH BODYSTRUCTURE"],
    }
    folder {
        names_beyond_ascii_are_listed_and_selected: ["LIST", "SELECT"],
        select_tells_the_state_and_examine_changes_nothing: ["SELECT", "EXAMINE"],
        a_mailbox_that_is_not_there_is_refused_and_the_session_lives: ["SELECT"],
        stored_flags_are_there_in_the_next_session: ["UID STORE"],
        expunge_removes_only_the_named_messages_that_are_marked: ["UID EXPUNGE"],
        uids_of_another_uidvalidity_are_refused_before_anything_is_sent: ["UID STORE"],
    }
    folders {
        the_tree_says_what_each_mailbox_says_of_itself: ["LIST RETURN STATUS", "LIST, subscribed", "STATUS"],
        a_mailbox_for_a_role_is_made_once_and_found_again: ["CREATE", "SUBSCRIBE, UNSUBSCRIBE"],
        a_message_is_found_in_every_mailbox_by_its_id: ["EXAMINE", "UID SEARCH"],
    }
    gone {
        an_expunged_message_is_fetched_as_it_was_or_with_a_defect: ["UID FETCH, expunged"],
        an_expunged_message_is_read_as_it_was_or_with_a_defect: ["UID FETCH, expunged"],
        an_expunged_message_is_got_as_it_was_or_with_a_defect: ["UID FETCH, expunged"],
    }
    notify {
        what_another_session_does_is_reported_without_a_command: ["NOTIFY"],
    }
    idle {
        new_mail_flags_and_expunges_of_another_session_become_events: ["IDLE"],
        what_happened_before_idle_is_told_first: ["IDLE", "NOOP"],
    }
    watch {
        the_sum_of_what_is_reported_is_what_is_there: [],
    }
    login {
        every_password_mechanism_that_is_offered_logs_in: [],
    }
    mailbox {
        a_boxed_mailbox_lists_reads_and_deletes_on_commit: [],
        dropping_a_mailbox_deletes_nothing: [],
        commit_leaves_alone_what_another_client_marked: [],
        ids_outlive_the_session_and_do_not_fit_another_mailbox: [],
        flags_headers_and_previews_go_through_the_trait: [],
        idle_returns_when_mail_arrives: ["IDLE"],
        one_door_opens_searches_and_stores: ["UID SEARCH", "APPEND"],
    }
}

// Dovecot alone has every mechanism, tokens, a master, and listens on the addresses with bad certificates, on one that takes no password without TLS, and on one that
// accepts few sessions.
mod dovecot_alone {
    on_both_dovecots! { imap
        connect {
            logindisabled_is_obeyed_and_no_password_is_sent: [],
            starttls_opens_the_server_that_disabled_plain_logins: [],
            an_expired_certificate_is_refused: [],
            a_certificate_for_another_host_is_refused: [],
            a_server_that_asks_for_certificates_and_breaks_resumed_handshakes_off_is_reached_again_and_again: [],
        }
        few_sessions {
            an_account_that_wants_ten_makes_do_with_three: [],
        }
        fetch {
            a_message_whose_size_the_server_does_not_know_is_read_whole: ["UID FETCH, read"],
        }
        login {
            all_of_them_are_offered_and_the_strongest_is_taken: [],
            tokens_log_in_and_an_expired_one_is_renewed_once: [],
            a_client_certificate_is_a_login_for_whom_it_names: [],
            nobody_in_particular_logs_in: [],
            a_master_acts_as_another: [],
        }
    }
}

// Dovecot 2.4 alone has a channel binding that is defined.
mod dovecot24_alone {
    on_one_server! { Dovecot24 imap
        login {
            a_bound_login_is_preferred_and_cannot_be_relayed: [],
        }
    }
}

// Cyrus alone has `tls-unique`.
mod cyrus_alone {
    on_one_server! { Cyrus imap
        login {
            the_error_names_the_way_to_log_in_without_channel_binding: [],
        }
    }
}

async fn session(user: &crate::server::User) -> postroom::imap::Imap {
    let config = crate::live::imap_config(&user.server);
    postroom::imap::Imap::connect(config, crate::live::login(user)).await.unwrap()
}
