//! imap-proto: whole answers to FETCH, each parsed by itself, every value read into the checksum.
//!
//! It returns quoted strings with their escapes. The fields in which the generator writes escapes (display names,
//! subjects, descriptions, parameter values) are therefore unescaped here, so that the sum is over the true value. It returns the
//! date as text, which is read here as async-imap reads it.

use std::borrow::Cow;

use chrono::DateTime;
use imap_proto::{
    Address, AttributeValue, BodyContentCommon, BodyContentSinglePart, BodyParams, BodyStructure, ContentEncoding,
    Envelope, Response,
};

use crate::checksum::{MULTIPART, PART, Sum};
use crate::cli::Result;

/// Reads all answers: complete, end to end, and in one slice, so that it never meets a part of one.
pub fn read(mut answers: &[u8]) -> Result<Sum> {
    let mut sum = Sum::default();
    while !answers.is_empty() {
        let (rest, response) = Response::parse(answers).map_err(|_| "imap-proto cannot read an answer")?;
        let Response::Fetch(_, values) = response else { return Err("no FETCH".into()) };
        values.iter().try_for_each(|value| attribute(&mut sum, value))?;
        answers = rest;
    }
    Ok(sum)
}

fn attribute(sum: &mut Sum, value: &AttributeValue<'_>) -> Result<()> {
    match value {
        AttributeValue::Uid(uid) => sum.number((*uid).into()),
        AttributeValue::Flags(flags) => {
            flags.iter().for_each(|flag| sum.text(flag.as_bytes()));
            sum.count(flags.len());
        }
        AttributeValue::InternalDate(date) => {
            sum.number(DateTime::parse_from_str(date, "%d-%b-%Y %H:%M:%S %z")?.timestamp() as u64);
        }
        AttributeValue::Rfc822Size(size) => sum.number((*size).into()),
        AttributeValue::Envelope(value) => envelope(sum, value),
        AttributeValue::BodyStructure(value) => structure(sum, value),
        _ => return Err("an attribute that was not asked for".into()),
    }
    Ok(())
}

/// Adds an envelope.
pub fn envelope(sum: &mut Sum, envelope: &Envelope<'_>) {
    sum.ntext(envelope.date.as_deref());
    escaped(sum, envelope.subject.as_deref());
    for list in [&envelope.from, &envelope.sender, &envelope.reply_to, &envelope.to, &envelope.cc, &envelope.bcc] {
        let list = list.as_deref().unwrap_or_default();
        list.iter().for_each(|one| address(sum, one));
        sum.count(list.len());
    }
    sum.ntext(envelope.in_reply_to.as_deref());
    sum.ntext(envelope.message_id.as_deref());
}

fn address(sum: &mut Sum, address: &Address<'_>) {
    escaped(sum, address.name.as_deref());
    sum.ntext(address.adl.as_deref());
    sum.ntext(address.mailbox.as_deref());
    sum.ntext(address.host.as_deref());
}

/// Adds a body structure.
pub fn structure(sum: &mut Sum, structure: &BodyStructure<'_>) {
    match structure {
        BodyStructure::Multipart { common, bodies, .. } => {
            sum.number(MULTIPART);
            bodies.iter().for_each(|body| self::structure(sum, body));
            sum.count(bodies.len());
            sum.token(common.ty.subtype.as_bytes());
            parameters(sum, &common.ty.params);
            extension(sum, common);
        }
        BodyStructure::Basic { common, other, .. } => {
            fields(sum, common, other);
            sum.ntext(other.md5.as_deref().map(str::as_bytes));
            extension(sum, common);
        }
        BodyStructure::Text { common, other, lines, .. } => {
            fields(sum, common, other);
            sum.number((*lines).into());
            sum.ntext(other.md5.as_deref().map(str::as_bytes));
            extension(sum, common);
        }
        BodyStructure::Message { common, other, envelope: inner, body, lines, .. } => {
            fields(sum, common, other);
            envelope(sum, inner);
            self::structure(sum, body);
            sum.number((*lines).into());
            sum.ntext(other.md5.as_deref().map(str::as_bytes));
            extension(sum, common);
        }
    }
}

fn fields(sum: &mut Sum, common: &BodyContentCommon<'_>, part: &BodyContentSinglePart<'_>) {
    sum.number(PART);
    sum.token(common.ty.ty.as_bytes());
    sum.token(common.ty.subtype.as_bytes());
    parameters(sum, &common.ty.params);
    sum.ntext(part.id.as_deref().map(str::as_bytes));
    escaped(sum, part.description.as_deref().map(str::as_bytes));
    sum.token(encoding(&part.transfer_encoding).as_bytes());
    sum.number(part.octets.into());
}

fn encoding<'a>(encoding: &'a ContentEncoding<'_>) -> &'a str {
    match encoding {
        ContentEncoding::SevenBit => "7bit",
        ContentEncoding::EightBit => "8bit",
        ContentEncoding::Binary => "binary",
        ContentEncoding::Base64 => "base64",
        ContentEncoding::QuotedPrintable => "quoted-printable",
        ContentEncoding::Other(name) => name,
    }
}

fn extension(sum: &mut Sum, common: &BodyContentCommon<'_>) {
    match &common.disposition {
        None => sum.nil(),
        Some(disposition) => {
            sum.token(disposition.ty.as_bytes());
            parameters(sum, &disposition.params);
        }
    }
    let languages = common.language.as_deref().unwrap_or_default();
    languages.iter().for_each(|language| sum.text(language.as_bytes()));
    sum.count(languages.len());
    sum.ntext(common.location.as_deref().map(str::as_bytes));
}

fn parameters(sum: &mut Sum, parameters: &BodyParams<'_>) {
    let parameters = parameters.as_deref().unwrap_or_default();
    for (name, value) in parameters {
        sum.token(name.as_bytes());
        escaped(sum, Some(value.as_bytes()));
    }
    sum.count(parameters.len());
}

fn escaped(sum: &mut Sum, text: Option<&[u8]>) {
    sum.ntext(text.map(unescape).as_deref());
}

fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(b'\\', text) else {
        return Cow::Borrowed(text);
    };
    let mut plain = text[..first].to_vec();
    let mut rest = text[first..].iter();
    while let Some(byte) = rest.next() {
        plain.push(if *byte == b'\\' { *rest.next().unwrap_or(byte) } else { *byte });
    }
    Cow::Owned(plain)
}
