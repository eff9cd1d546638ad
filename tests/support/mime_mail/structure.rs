//! The structures of the generated messages.

use super::{Maker, Node};

/// How many structures there are, without those that are nested at random.
const STRUCTURES: usize = 16;

pub(super) fn root(maker: &mut Maker) -> Node {
    let structure = maker.rng.below(STRUCTURES + 4);
    maker.what.push(format!("structure {structure}"));
    match structure {
        0 => maker.text("plain"),
        1 => maker.text("html"),
        2 => maker.file("application/pdf", b""),
        3 => alternative(maker),
        4 => mixed(vec![maker.text("plain"), maker.file("application/pdf", b"")]),
        5 => {
            let texts = alternative(maker);
            mixed(vec![texts, maker.file("image/jpeg", b""), maker.file("application/octet-stream", b"")])
        }
        6 => mixed(vec![related(maker), maker.file("application/zip", b"")]),
        7 => multipart("alternative", vec![maker.text("plain"), related(maker)]),
        8 => {
            let inner = maker.text("plain");
            mixed(vec![maker.text("plain"), message("inner", inner), maker.file("text/csv", b"")])
        }
        9 => {
            let innermost = alternative(maker);
            let inner = mixed(vec![maker.text("plain"), message("=?utf-8?Q?caf=C3=A9?=", innermost)]);
            mixed(vec![maker.text("html"), message("a/b", inner)])
        }
        10 => {
            let all = [maker.text("plain"), alternative(maker)];
            let digested = all.map(|body| Node::Message { subject: "one", is_declared: false, body: body.into() });
            multipart("digest", digested.into())
        }
        11 => {
            let signature = maker.words("application/pgp-signature", "; name=\"signature.asc\"", "-----BEGIN PGP");
            let inner = mixed(vec![maker.text("plain"), maker.file("application/pdf", b"")]);
            multipart(
                "signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha256",
                vec![inner, named(signature)],
            )
        }
        12 => {
            let version = maker.words("application/pgp-encrypted", "", "Version: 1");
            let secret = maker.words("application/octet-stream", "", "-----BEGIN PGP MESSAGE-----");
            multipart("encrypted; protocol=\"application/pgp-encrypted\"", vec![version, secret])
        }
        13 => {
            let status = maker.words("message/delivery-status", "", "Reporting-MTA: dns; x\r\n\r\nStatus: 5.1.1");
            let original = maker.text("plain");
            let parts = vec![maker.text("plain"), status, message("lost", original)];
            multipart("report; report-type=delivery-status", parts)
        }
        14 => {
            let inner = maker.text("plain");
            message("forwarded", inner)
        }
        15 => {
            let calendar = maker.words("text/calendar", "; method=REQUEST", "BEGIN:VCALENDAR\r\nEND:VCALENDAR");
            let texts = multipart("alternative", vec![maker.text("plain"), maker.text("html"), calendar]);
            mixed(vec![texts, maker.file("application/ics", b"")])
        }
        _ => nested(maker, 0),
    }
}

/// Multiparts and messages at random.
fn nested(maker: &mut Maker, depth: usize) -> Node {
    match maker.rng.below(if depth > 4 { 2 } else { 5 }) {
        0 => maker.text("plain"),
        1 => maker.file("application/pdf", b""),
        2 => {
            let inner = nested(maker, depth + 1);
            message("nested", inner)
        }
        _ => {
            let count = 1 + maker.rng.below(3);
            mixed((0..count).map(|_| nested(maker, depth + 1)).collect())
        }
    }
}

fn alternative(maker: &mut Maker) -> Node {
    multipart("alternative", vec![maker.text("plain"), maker.text("html")])
}

fn related(maker: &mut Maker) -> Node {
    let html = maker.text("html");
    multipart("related", vec![html, maker.file("image/png", b"Content-ID: <picture@example.org>\r\n")])
}

fn mixed(children: Vec<Node>) -> Node {
    multipart("mixed", children)
}

fn multipart(subtype: &'static str, children: Vec<Node>) -> Node {
    Node::Multipart { subtype, children }
}

fn message(subject: &'static str, body: Node) -> Node {
    Node::Message { subject, is_declared: true, body: body.into() }
}

/// The signature, whose name is in its parameters.
fn named(node: Node) -> Node {
    match node {
        Node::Leaf(leaf) => Node::Leaf(super::Leaf { name: Some("signature.asc"), ..leaf }),
        other => other,
    }
}
