//! Collecting from real servers, and from the embedded one, in both protocols by the same code, into a Maildir.

mod policies;
mod robbed;

on_every_pop3_server! { collect
    policies {
        mail_is_moved_by_pop3: [],
        mail_is_copied_by_pop3_once: [],
        mail_stays_by_pop3_for_days_and_the_newest_only: [],
    }
}

mod with_imap {
    on_every_imap_server! { collect
        policies {
            mail_is_moved_by_imap: [],
            mail_is_copied_by_imap_once_and_unseen: [],
            mail_stays_by_imap_for_days_and_the_newest_only: [],
            what_another_session_expunges_is_not_stored_as_something_else_by_imap: [],
        }
    }
}

mod with_both {
    on_every_server! { collect
        policies {
            a_switch_of_protocol_brings_nothing_twice: [],
            a_message_that_another_session_expunges_is_gone: [],
            what_another_session_expunges_is_not_stored_as_something_else_by_pop3: [],
        }
    }
}
