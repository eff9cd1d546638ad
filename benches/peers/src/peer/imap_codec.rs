//! imap-codec: whole answers to FETCH, each parsed by itself, every value read into the checksum.

use imap_codec::ResponseCodec;
use imap_codec::decode::Decoder as _;
use imap_codec::imap_types::body::{
    BasicFields, BodyStructure, Disposition, MultiPartExtensionData, SinglePartExtensionData, SpecificFields,
};
use imap_codec::imap_types::core::{IString, NString};
use imap_codec::imap_types::envelope::{Address, Envelope};
use imap_codec::imap_types::fetch::MessageDataItem;
use imap_codec::imap_types::flag::{Flag, FlagFetch};
use imap_codec::imap_types::response::{Data, Response};

use crate::checksum::{MULTIPART, PART, Sum};
use crate::cli::Result;

/// Names and values.
type Parameters<'a> = [(IString<'a>, IString<'a>)];

/// Reads all answers: complete, end to end, and in one slice, so that it never meets a part of one.
pub fn read(mut answers: &[u8]) -> Result<Sum> {
    let (codec, mut sum) = (ResponseCodec::default(), Sum::default());
    while !answers.is_empty() {
        let (rest, response) = codec.decode(answers).map_err(|error| format!("imap-codec: {error:?}"))?;
        let Response::Data(Data::Fetch { items, .. }) = response else { return Err("no FETCH".into()) };
        items.as_ref().iter().try_for_each(|item| attribute(&mut sum, item))?;
        answers = rest;
    }
    Ok(sum)
}

fn attribute(sum: &mut Sum, item: &MessageDataItem<'_>) -> Result<()> {
    match item {
        MessageDataItem::Uid(uid) => sum.number(uid.get().into()),
        MessageDataItem::Flags(flags) => {
            for one in flags {
                sum.text(flag(one)?.as_bytes());
            }
            sum.count(flags.len());
        }
        MessageDataItem::InternalDate(date) => sum.number(date.as_ref().timestamp() as u64),
        MessageDataItem::Rfc822Size(size) => sum.number((*size).into()),
        MessageDataItem::Envelope(value) => envelope(sum, value),
        MessageDataItem::BodyStructure(value) => structure(sum, value),
        _ => return Err("an attribute that was not asked for".into()),
    }
    Ok(())
}

fn flag<'a>(flag: &'a FlagFetch<'_>) -> std::result::Result<&'a str, &'static str> {
    Ok(match flag {
        FlagFetch::Recent => "\\Recent",
        FlagFetch::Flag(Flag::Seen) => "\\Seen",
        FlagFetch::Flag(Flag::Answered) => "\\Answered",
        FlagFetch::Flag(Flag::Flagged) => "\\Flagged",
        FlagFetch::Flag(Flag::Deleted) => "\\Deleted",
        FlagFetch::Flag(Flag::Draft) => "\\Draft",
        FlagFetch::Flag(Flag::Keyword(name)) => name.inner(),
        // Its name is private, and none is generated.
        FlagFetch::Flag(Flag::Extension(_)) => return Err("an unknown system flag"),
    })
}

fn envelope(sum: &mut Sum, envelope: &Envelope<'_>) {
    ntext(sum, &envelope.date);
    ntext(sum, &envelope.subject);
    for list in [&envelope.from, &envelope.sender, &envelope.reply_to, &envelope.to, &envelope.cc, &envelope.bcc] {
        list.iter().for_each(|one| address(sum, one));
        sum.count(list.len());
    }
    ntext(sum, &envelope.in_reply_to);
    ntext(sum, &envelope.message_id);
}

fn address(sum: &mut Sum, address: &Address<'_>) {
    for field in [&address.name, &address.adl, &address.mailbox, &address.host] {
        ntext(sum, field);
    }
}

fn structure(sum: &mut Sum, structure: &BodyStructure<'_>) {
    match structure {
        BodyStructure::Multi { bodies, subtype, extension_data } => {
            sum.number(MULTIPART);
            let bodies = bodies.as_ref();
            bodies.iter().for_each(|body| self::structure(sum, body));
            sum.count(bodies.len());
            sum.token(subtype.as_ref());
            multipart_extension(sum, extension_data.as_ref());
        }
        BodyStructure::Single { body, extension_data } => {
            match &body.specific {
                SpecificFields::Basic { r#type, subtype } => {
                    fields(sum, r#type.as_ref(), subtype.as_ref(), &body.basic);
                }
                SpecificFields::Text { subtype, number_of_lines } => {
                    fields(sum, b"text", subtype.as_ref(), &body.basic);
                    sum.number((*number_of_lines).into());
                }
                SpecificFields::Message { envelope: inner, body_structure, number_of_lines } => {
                    fields(sum, b"message", b"rfc822", &body.basic);
                    envelope(sum, inner);
                    self::structure(sum, body_structure);
                    sum.number((*number_of_lines).into());
                }
            }
            part_extension(sum, extension_data.as_ref());
        }
    }
}

fn fields(sum: &mut Sum, media_type: &[u8], subtype: &[u8], basic: &BasicFields<'_>) {
    sum.number(PART);
    sum.token(media_type);
    sum.token(subtype);
    parameters(sum, &basic.parameter_list);
    ntext(sum, &basic.id);
    ntext(sum, &basic.description);
    sum.token(basic.content_transfer_encoding.as_ref());
    sum.number(basic.size.into());
}

fn part_extension(sum: &mut Sum, extension: Option<&SinglePartExtensionData<'_>>) {
    match extension {
        Some(extension) => ntext(sum, &extension.md5),
        None => sum.nil(),
    }
    disposition(sum, extension.and_then(|extension| extension.tail.as_ref()));
}

fn multipart_extension(sum: &mut Sum, extension: Option<&MultiPartExtensionData<'_>>) {
    parameters(sum, extension.map(|extension| extension.parameter_list.as_slice()).unwrap_or_default());
    disposition(sum, extension.and_then(|extension| extension.tail.as_ref()));
}

fn disposition(sum: &mut Sum, disposition: Option<&Disposition<'_>>) {
    match disposition.and_then(|disposition| disposition.disposition.as_ref()) {
        None => sum.nil(),
        Some((kind, list)) => {
            sum.token(kind.as_ref());
            parameters(sum, list);
        }
    }
    let language = disposition.and_then(|disposition| disposition.tail.as_ref());
    let tags = language.map(|language| language.language.as_slice()).unwrap_or_default();
    tags.iter().for_each(|tag| sum.text(tag.as_ref()));
    sum.count(tags.len());
    match language.and_then(|language| language.tail.as_ref()) {
        Some(location) => ntext(sum, &location.location),
        None => sum.nil(),
    }
}

fn parameters(sum: &mut Sum, list: &Parameters<'_>) {
    for (name, value) in list {
        sum.token(name.as_ref());
        sum.text(value.as_ref());
    }
    sum.count(list.len());
}

fn ntext(sum: &mut Sum, text: &NString<'_>) {
    sum.ntext(text.0.as_ref().map(AsRef::as_ref));
}
