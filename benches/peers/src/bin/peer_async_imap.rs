//! The peer: async-imap doing the ENVELOPE or the FLAGS job on a current-thread tokio runtime, every field read into the checksum.
//! `peer_async_imap envelope|flags --port P --reps K`.
//!
//! imap-proto hands out quoted strings with their escapes still in them. The fields in which the generator writes escapes (display
//! names, subjects, descriptions, parameter values) are therefore unescaped here, so that the sum is over the true value.

use std::borrow::Cow;
use std::process::ExitCode;

use async_imap::types::{Fetch, Flag};
use futures_util::TryStreamExt as _;
use imap_proto::{
    Address, BodyContentCommon, BodyContentSinglePart, BodyParams, BodyStructure, ContentEncoding, Envelope,
};
use postroom_benches::checksum::{MULTIPART, PART, Sum};
use postroom_benches::cli::{self, Args, Result};
use tokio::net::TcpStream;

/// Adds one message.
type Each = fn(&mut Sum, &Fetch) -> Result<()>;

fn main() -> ExitCode {
    cli::child(|args| tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(args)))
}

async fn run(args: &Args) -> Result<()> {
    let (items, each): (_, Each) = match args.job.as_str() {
        "envelope" => ("(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)", message),
        "flags" => ("(UID FLAGS)", uid_and_flags),
        other => return Err(format!("no job {other}").into()),
    };
    let stream = TcpStream::connect(("127.0.0.1", args.need("port")?)).await?;
    stream.set_nodelay(true)?;
    let mut client = async_imap::Client::new(stream);
    client.read_response().await?.ok_or("no greeting")?;
    let mut session = client.login("user", "password").await.map_err(|(error, _)| error)?;
    session.examine("INBOX").await?;
    for _ in 0..args.or("reps", 1)? {
        let (mut sum, mut messages) = (Sum::default(), 0u64);
        let mut mail = session.uid_fetch("1:*", items).await?;
        while let Some(fetched) = mail.try_next().await? {
            each(&mut sum, &fetched)?;
            messages += 1;
        }
        drop(mail);
        println!("messages {messages}\nchecksum {:016x}", sum.value());
    }
    Ok(session.logout().await?)
}

fn uid_and_flags(sum: &mut Sum, fetched: &Fetch) -> Result<()> {
    sum.number(fetched.uid.ok_or("no UID")?.into());
    let mut flags = 0;
    for flag in fetched.flags() {
        sum.text(flag_name(&flag).as_bytes());
        flags += 1;
    }
    sum.count(flags);
    Ok(())
}

fn message(sum: &mut Sum, fetched: &Fetch) -> Result<()> {
    uid_and_flags(sum, fetched)?;
    sum.number(fetched.internal_date().ok_or("no INTERNALDATE")?.timestamp() as u64);
    sum.number(fetched.size.ok_or("no RFC822.SIZE")?.into());
    envelope(sum, fetched.envelope().ok_or("no ENVELOPE")?);
    structure(sum, fetched.bodystructure().ok_or("no BODYSTRUCTURE")?);
    Ok(())
}

fn flag_name<'a>(flag: &'a Flag<'_>) -> &'a str {
    match flag {
        Flag::Seen => "\\Seen",
        Flag::Answered => "\\Answered",
        Flag::Flagged => "\\Flagged",
        Flag::Deleted => "\\Deleted",
        Flag::Draft => "\\Draft",
        Flag::Recent => "\\Recent",
        Flag::MayCreate => "\\*",
        Flag::Custom(name) => name,
    }
}

fn envelope(sum: &mut Sum, envelope: &Envelope<'_>) {
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

fn structure(sum: &mut Sum, structure: &BodyStructure<'_>) {
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
