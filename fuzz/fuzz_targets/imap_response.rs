//! Arbitrary bytes as one complete IMAP response, to every parser, each with its own measure of memory; and every
//! accessor of the result.
#![no_main]

use std::hint::black_box;

use bytes::Bytes;
use postroom::Limits;
use postroom::imap::codec::{
    self, Batch, FetchedBatch, acl, capability, flags, id, language, list, metadata, namespace, quota, search, sort,
    status, text, thread, url, vanished,
};
use postroom::imap::{Fetched, Response};
use postroom_fuzz::within;

/// Runs each of these over the frame.
macro_rules! each {
    ($frame:ident: $($parse:expr,)*) => {
        $(let _ = black_box(within($frame, || $parse($frame)));)*
    };
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    each! { data:
        codec::route, codec::split, text::untagged, text::tagged, text::resp_text, capability::parse, flags::parse,
        search::parse, sort::parse, thread::parse, vanished::parse, quota::parse, id::parse, language::parse,
        language::comparators, url::jmap_access, url::generated, url::fetched,
    }
    for utf8 in [false, true] {
        each! { data:
            |frame| list::parse(frame, utf8), |frame| status::parse(frame, utf8), |frame| namespace::parse(frame, utf8),
            |frame| metadata::parse(frame, utf8), |frame| acl::parse(frame, utf8), |frame| acl::list_rights(frame, utf8),
            |frame| acl::my_rights(frame, utf8), |frame| quota::roots(frame, utf8),
        }
    }
    let frame = Bytes::copy_from_slice(data);
    let whole = within(data, || codec::response(&frame, &limits));
    match &whole {
        Ok(Response::Fetch(fetched)) => look(data, fetched),
        Ok(Response::Other { raw, .. }) => assert_eq!(*raw, frame),
        Ok(Response::Search(found) | Response::Esearch(found)) => {
            assert!(found.all.as_ref().is_none_or(|all| all.ranges().count() <= data.len()));
        }
        Ok(Response::Thread(threads)) => {
            assert!(threads.len() <= data.len());
            assert_eq!(threads.walk().count(), threads.len());
        }
        Ok(_) => {}
        Err(error) => assert!(error.offset <= data.len()),
    }
    drop(black_box(format!("{whole:?}")));
    batch(&frame, &limits);
});

/// The frame in a batch, twice: the result is the same, unless it has so many values for its size that the shared row is full.
fn batch(frame: &Bytes, limits: &Limits) {
    let two = Bytes::from([&frame[..], frame].concat());
    let mut batch = Batch::new(two.clone());
    batch.push(0, frame.len());
    batch.push(frame.len(), 2 * frame.len());
    let read = within(&two, || FetchedBatch::parse(&batch, limits, None));
    let shown: Vec<_> = read.map(|one| one.map(|one| format!("{one:?}")).map_err(|error| error.reason())).collect();
    let full = |one: &Result<String, _>| one.as_ref().is_ok_and(|shown| shown.contains("TooMany"));
    assert!(matches!(&shown[..], [one, other] if one == other || full(one) || full(other)));
}

fn look(data: &[u8], fetched: &Fetched) {
    let dates = (fetched.internal_date(), fetched.save_date());
    black_box((dates, fetched.subject(), fetched.from().map(|from| from.to_string())));
    black_box((fetched.email_id(), fetched.thread_id(), fetched.preview(), fetched.body()));
    black_box((
        fetched.gmail_message_id(),
        fetched.gmail_thread_id(),
        fetched.gmail_labels().map(|labels| labels.count()),
    ));
    if let Some(root) = fetched.body_structure() {
        assert!(root.walk().count() <= data.len());
        root.walk().for_each(|part| drop(black_box((part.section(), part.filename(), part.envelope()))));
    }
    fetched.sections().for_each(|section| drop(black_box((section.section(), section.bytes(), section.origin()))));
    black_box(fetched.annotations().count());
    assert!(fetched.unknown().count() + fetched.binary_sizes().count() + fetched.defects().count() <= data.len());
    assert_eq!(fetched.raw(), data);
    let apart = within(data, || fetched.detach());
    assert_eq!((apart.raw(), format!("{apart:?}")), (fetched.raw(), format!("{fetched:?}")));
}
