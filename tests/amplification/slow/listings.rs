//! POP3 listings in which every row names another message, by the shortest possible names.

use postroom::Mailbox;

use super::{Floods, Pop3Call, limits, look_within, peak_within, pop3_cost_of, tell};

/// The shortest name that no other number has.
fn name(mut number: usize) -> String {
    let mut name = String::new();
    while number > 0 {
        name.push(char::from(b'!' + (number % 94) as u8));
        number /= 94;
    }
    name
}

fn listing(size: usize, row: impl Fn(usize) -> String) -> Vec<u8> {
    let mut listing = "+OK\r\n".to_owned();
    for number in 1.. {
        if listing.len() >= size {
            break;
        }
        listing += &row(number);
    }
    (listing + ".\r\n").into_bytes()
}

fn names(size: usize) -> Vec<u8> {
    listing(size, |number| format!("{number} {}\r\n", name(number)))
}

/// As many rows as there are names in this number of bytes.
fn sizes(size: usize) -> Vec<u8> {
    let rows = names(size).iter().filter(|&&byte| byte == b'\n').count() - 2;
    let mut listing = "+OK\r\n".to_owned();
    (1..=rows).for_each(|number| listing += &format!("{number} 1\r\n"));
    (listing + ".\r\n").into_bytes()
}

const CALLS: &[(&str, Pop3Call)] = &[
    ("list", |pop3| Box::pin(async { drop(pop3.list().await) })),
    ("uidl", |pop3| Box::pin(async { drop(pop3.uidl().await) })),
    ("entries", |pop3| Box::pin(async { drop(pop3.entries().await) })),
    ("entries twice", |pop3| {
        Box::pin(async {
            let first = pop3.entries().await;
            drop((pop3.entries().await, first));
        })
    }),
];

/// What both listings say, and what each says that the other does not.
fn shapes(size: usize) -> [(&'static str, Floods); 4] {
    let stat = || {
        let rows = names(size).iter().filter(|&&byte| byte == b'\n').count() - 2;
        ("STAT", format!("+OK {rows} {rows}\r\n").into_bytes())
    };
    [
        ("both", vec![stat(), ("UIDL", names(size)), ("LIST", sizes(size))]),
        ("only names", vec![("UIDL", names(size))]),
        ("only sizes", vec![("LIST", sizes(size))]),
        ("only a count", vec![("STAT", format!("+OK {} 1\r\n", size / 8).into_bytes())]),
    ]
}

#[test]
fn listings_of_messages_that_all_differ_are_in_proportion() {
    let mut failures = Vec::new();
    for (call, run) in CALLS {
        for shape in 0..3 {
            let what = format!("{call}, {}", shapes(100)[shape].0);
            let limit = limits().undelivered as u64;
            look_within(limit, &what, |size| pop3_cost_of(*run, shapes(size)[shape].1.clone()), &mut failures);
        }
    }
    tell(&failures);
}

#[test]
fn up_to_the_limit_listings_of_messages_that_all_differ_are_twice_the_limit() {
    let mut failures = Vec::new();
    for (call, run) in CALLS.iter().filter(|(call, _)| call.starts_with("entries")) {
        for shape in 0..4 {
            let limit = limits().undelivered as u64;
            let (name, floods) = shapes(limit as usize - 64)[shape].clone();
            // The limit applies to each listing, and `entries` asks for both at once.
            let listings = if name == "both" { 2 } else { 1 };
            let mut cost = pop3_cost_of(*run, floods);
            // The limit bounds a count alone: it costs the server nothing.
            cost.received = cost.received.max(limit);
            failures.extend(peak_within(limit * listings, &format!("{call}, {name}"), &cost));
        }
    }
    tell(&failures);
}
