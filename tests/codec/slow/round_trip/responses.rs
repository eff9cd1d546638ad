//! Every kind of response: written as a server may write it, cut by the framer, and read without a defect. Every value is found.

use bytes::Bytes;
use postroom::Limits;
use postroom::imap::Response;
use postroom::imap::codec::{Frame, Framer};
use proptest::prelude::*;

use super::from_random::{config, grown};
use crate::generated::code::Condition;
use crate::generated::fetch::Message;
use crate::generated::line::{Acl, Capability, Flags, Granted, Id, Metadata, Namespaces, Quota, Strings};
use crate::generated::mailbox::{Esearch, List, Status};
use crate::generated::result::{Count, Numbers, Threads, Vanished};
use crate::generated::{Said, response};

/// The frame, which is the same to the framer whatever follows it.
fn framed(said: &impl Said) -> Bytes {
    let mut frame = Vec::new();
    said.write(&mut frame);
    let sent = [&frame[..], b"* OK behind\r\n"].concat();
    let cut = Framer::new().next(&sent, &Limits::default(), usize::MAX);
    assert!(matches!(cut, Ok(Frame::Complete { len }) if len == frame.len()), "{cut:?} of {}", frame.escape_ascii());
    frame.into()
}

macro_rules! kinds {
    ($($name:ident: $kind:ty = $bytes:literal;)*) => {
        proptest! {
            #![proptest_config(config())]
            $(#[test]
            fn $name(said in grown::<$kind>($bytes)) {
                Said::check(&said, &framed(&said));
            })*
        }
    };
}

kinds! {
    conditions_and_codes_come_back: Condition = 120;
    capabilities_come_back: Capability = 100;
    flags_of_mailboxes_come_back: Flags = 100;
    lists_come_back: List = 120;
    statuses_come_back: Status = 150;
    esearches_come_back: Esearch = 120;
    searches_and_sorts_come_back: Numbers = 200;
    threads_come_back: Threads = 300;
    what_vanished_comes_back: Vanished = 100;
    counts_come_back: Count = 8;
    acls_come_back: Acl = 150;
    granted_rights_come_back: Granted = 100;
    quotas_come_back: Quota = 150;
    metadata_comes_back: Metadata = 200;
    namespaces_come_back: Namespaces = 200;
    ids_come_back: Id = 150;
    strings_and_urls_come_back: Strings = 150;
    messages_come_back: Sent = 1500;
}

/// A message, reduced to what can be sent.
#[derive(Debug)]
struct Sent(Message);

impl<'a> arbitrary::Arbitrary<'a> for Sent {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let mut message = Message::arbitrary(u)?;
        message.trim();
        Ok(Self(message))
    }
}

impl Said for Sent {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn check(&self, frame: &Bytes) {
        let Response::Fetch(found) = response(frame) else { panic!("no FETCH") };
        self.0.check(&found);
        self.0.check(&found.detach());
    }
}

macro_rules! checked {
    ($($kind:ty: $variant:ident,)*) => {
        $(impl Said for $kind {
            fn write(&self, out: &mut Vec<u8>) {
                <$kind>::write(self, out);
            }

            fn check(&self, frame: &Bytes) {
                let Response::$variant(found) = response(frame) else { panic!("{self:?} is no such response") };
                <$kind>::check(self, &found);
            }
        })*
    };
}

checked! {
    List: List,
    Status: Status,
    Esearch: Esearch,
}
