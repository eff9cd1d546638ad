//! The POP3 side of the library against real servers, and against the embedded one.

mod connect;
mod login;
#[allow(clippy::duplicate_mod, reason = "the same for both protocols, each by its own `login`")]
#[path = "../../support/logins.rs"]
mod logins;
mod mailbox;
mod session;

on_every_pop3_server! { pop3
    connect {
        plaintext_works_where_it_is_spelled_dangerous: [],
        a_wrong_password_is_a_login_error_that_does_not_tell_it: ["POP3 USER, PASS, AUTH"],
    }
    mailbox {
        a_boxed_mailbox_lists_reads_and_deletes_on_commit: [],
        dropping_a_mailbox_deletes_nothing: [],
        parts_come_from_one_retr_and_previews_from_top: ["POP3 RETR", "POP3 TOP"],
        headers_and_previews_come_by_top_and_flags_are_unsupported: ["POP3 TOP"],
        idle_sees_new_mail_by_looking_again_and_refuses_while_messages_are_marked: [],
        one_door_opens_and_headers_are_compared_here: ["POP3 TOP"],
    }
    session {
        stat_list_and_uidl_agree_and_uidls_last: ["POP3 STAT", "POP3 LIST", "POP3 UIDL"],
        tricky_messages_come_byte_for_byte_every_way: ["POP3 RETR", "POP3 TOP"],
        five_hundred_messages_come_pipelined_in_order: ["POP3 RETR"],
        a_message_of_20_mb_is_read_as_it_comes: ["POP3 RETR"],
        a_number_that_is_not_there_is_refused_and_the_session_lives: ["POP3 RETR"],
        dele_and_drop_keeps_the_message: ["POP3 DELE"],
        dele_and_quit_deletes_and_rset_takes_it_back: ["POP3 DELE", "POP3 RSET", "POP3 QUIT"],
    }
}

mod with_tls {
    on_every_server! { pop3
        connect {
            implicit_tls_logs_in_and_out: ["POP3 CAPA", "POP3 NOOP", "POP3 QUIT", "POP3 USER, PASS, AUTH"],
            stls_shows_nothing_of_the_login_on_the_wire: ["POP3 STLS"],
            stls_logs_in_over_a_socket: ["POP3 STLS"],
            a_nasty_password_logs_in_by_auth_and_by_pass_only_as_utf8: ["POP3 USER, PASS, AUTH"],
        }
        login {
            every_password_mechanism_that_is_offered_logs_in: [],
        }
    }
}

mod without_tls {
    on_plain_servers! { pop3
        connect {
            without_capa_the_session_does_what_it_can: ["POP3 CAPA", "POP3 NOOP"],
            without_stls_no_password_is_sent: ["POP3 STLS"],
        }
    }
}

// Dovecot alone has every mechanism, tokens, a master, and listens on the addresses with bad certificates, and on one that takes no password without TLS.
mod dovecot_alone {
    on_both_dovecots! { pop3
        connect {
            a_server_that_wants_tls_gets_no_password_without_it: [],
            certificates_that_are_expired_foreign_or_unknown_are_refused: [],
        }
        login {
            all_of_them_are_offered_and_the_strongest_is_taken: [],
            tokens_log_in_and_an_expired_one_is_renewed_once: [],
            a_client_certificate_is_a_login_for_whom_it_names: [],
            nobody_in_particular_logs_in: [],
            a_master_acts_as_another: [],
            apop_is_taken_only_where_it_is_allowed: [],
        }
    }
}

// Dovecot 2.4 alone has a channel binding that is defined.
mod dovecot24_alone {
    on_one_server! { Dovecot24 pop3
        login {
            a_bound_login_is_preferred_and_cannot_be_relayed: [],
        }
    }
}

// Cyrus alone has `tls-unique`.
mod cyrus_alone {
    on_one_server! { Cyrus pop3
        login {
            the_error_names_the_way_to_log_in_without_channel_binding: [],
        }
    }
}

// Courier alone has UTF8; others pass such headers on, or (Cyrus) change them on arrival.
mod courier_alone {
    on_one_server! { Courier pop3
        session {
            headers_in_utf8_come_as_they_are: [],
        }
    }
}

async fn open(user: &crate::server::User) -> postroom::pop3::Pop3 {
    postroom::pop3::Pop3::connect(crate::live::pop3_config(&user.server), crate::live::login(user)).await.unwrap()
}
