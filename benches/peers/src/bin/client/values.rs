//! The fields of a message as postroom returns them, added to the checksum. Each function returns how many bytes of a body it saw.

use postroom::imap::{Addresses, BodyStructure, Envelope, Fetched, Params, PartKind, Str};
use postroom_benches::checksum::{MULTIPART, PART, Sum};
use postroom_benches::cli::Result;

/// Adds one whole message by its length alone.
pub fn length(sum: &mut Sum, message: &Fetched) -> Result<u64> {
    sum.number(message.uid().ok_or("no UID")?.as_u32().into());
    Ok(message.body().ok_or("no BODY[]")?.len() as u64)
}

/// Adds one whole message.
pub fn body(sum: &mut Sum, message: &Fetched) -> Result<u64> {
    sum.number(message.uid().ok_or("no UID")?.as_u32().into());
    let body = message.body().ok_or("no BODY[]")?;
    sum.text(&body);
    Ok(body.len() as u64)
}

/// Adds one message's UID and flags.
pub fn flags(sum: &mut Sum, message: &Fetched) -> Result<u64> {
    sum.number(message.uid().ok_or("no UID")?.as_u32().into());
    let flags = message.flags().ok_or("no FLAGS")?;
    flags.iter().for_each(|flag| sum.text(flag.as_bytes()));
    sum.count(flags.len());
    Ok(0)
}

/// Adds what a list of messages shows of one: UID, subject and first sender.
pub fn few(sum: &mut Sum, message: &Fetched) -> Result<u64> {
    sum.number(message.uid().ok_or("no UID")?.as_u32().into());
    let envelope = message.envelope().ok_or("no ENVELOPE")?;
    ntext(sum, envelope.subject());
    ntext(sum, envelope.from().next().and_then(|from| from.mailbox));
    Ok(0)
}

/// Adds one message of the ENVELOPE job.
pub fn message(sum: &mut Sum, message: &Fetched) -> Result<u64> {
    flags(sum, message)?;
    sum.number(message.internal_date().ok_or("no INTERNALDATE")?.unix_timestamp() as u64);
    sum.number(message.size().ok_or("no RFC822.SIZE")?);
    envelope(sum, message.envelope().ok_or("no ENVELOPE")?);
    structure(sum, message.body_structure().ok_or("no BODYSTRUCTURE")?)?;
    Ok(0)
}

/// Adds an envelope.
pub fn envelope(sum: &mut Sum, envelope: Envelope<'_>) {
    ntext(sum, envelope.raw_date());
    ntext(sum, envelope.subject());
    let lists = [envelope.from(), envelope.sender(), envelope.reply_to(), envelope.to(), envelope.cc(), envelope.bcc()];
    lists.into_iter().for_each(|list| addresses(sum, list));
    ntext(sum, envelope.in_reply_to());
    ntext(sum, envelope.message_id());
}

fn addresses(sum: &mut Sum, list: Addresses<'_>) {
    let count = list.len();
    for address in list {
        ntext(sum, address.name);
        ntext(sum, address.adl);
        ntext(sum, address.mailbox);
        ntext(sum, address.host);
    }
    sum.count(count);
}

/// Adds a body structure.
pub fn structure(sum: &mut Sum, part: BodyStructure<'_>) -> Result<()> {
    if part.kind() == PartKind::Multipart {
        sum.number(MULTIPART);
        let mut count = 0;
        for child in part.children() {
            structure(sum, child)?;
            count += 1;
        }
        sum.count(count);
        sum.token(&part.subtype().bytes());
        parameters(sum, part.params());
    } else {
        single(sum, part)?;
    }
    match part.disposition() {
        None => sum.nil(),
        Some(disposition) => {
            sum.token(&disposition.bytes());
            parameters(sum, part.disposition_params());
        }
    }
    let mut languages = 0;
    for language in part.language() {
        sum.text(&language.bytes());
        languages += 1;
    }
    sum.count(languages);
    ntext(sum, part.location());
    Ok(())
}

fn single(sum: &mut Sum, part: BodyStructure<'_>) -> Result<()> {
    sum.number(PART);
    sum.token(&part.media_type().bytes());
    sum.token(&part.subtype().bytes());
    parameters(sum, part.params());
    ntext(sum, part.id());
    ntext(sum, part.description());
    sum.token(&part.encoding().ok_or("no encoding")?.bytes());
    sum.number(part.size().ok_or("no octets")?);
    if part.kind() == PartKind::Message {
        envelope(sum, part.envelope().ok_or("no inner ENVELOPE")?);
        structure(sum, part.children().next().ok_or("no inner BODYSTRUCTURE")?)?;
    }
    if matches!(part.kind(), PartKind::Text | PartKind::Message) {
        sum.number(part.lines().ok_or("no lines")?);
    }
    ntext(sum, part.md5());
    Ok(())
}

fn parameters(sum: &mut Sum, parameters: Params<'_>) {
    let mut count = 0;
    for (name, value) in parameters {
        sum.token(&name.bytes());
        ntext(sum, value);
        count += 1;
    }
    sum.count(count);
}

#[inline]
fn ntext(sum: &mut Sum, text: Option<Str<'_>>) {
    match text {
        Some(text) => sum.text(&text.bytes()),
        None => sum.nil(),
    }
}
