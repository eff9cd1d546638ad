//! The same work done directly and through a proxy that changes what the server says into what it could have said as well: the
//! same values come out. A seed that fails is named; `POSTROOM_SEED` does the work with that one alone, or with
//! those from `1-100`.

mod mail;
mod rounds;
mod values;
mod watch;
mod work;

on_every_imap_server! { mutated
    rounds {
        the_same_values_come_out_through_a_mutating_proxy: [],
    }
}
