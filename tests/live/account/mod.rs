//! An account's mail on real servers, while connections are lost.

mod cut;
mod world;

on_servers_of_accounts! { account
    cut {
        the_job_is_done_if_nothing_is_lost: [],
        nothing_is_lost_or_doubled_wherever_the_connection_is_lost: [],
    }
}
