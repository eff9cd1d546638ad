//! The same work done directly and through a proxy that changes what the server says into something else that it could have said: the
//! results are equal. A failing seed is printed; `POSTROOM_SEED` runs only that one, or
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
