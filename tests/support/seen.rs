//! What a program sees of a message's contents, to be compared. It knows neither where the contents come from, nor what is expected.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use postroom::{Contents, Disposition, MimePart, PartRole, TransferEncoding};

/// What a program sees of a part.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Seen {
    pub(crate) section: String,
    pub(crate) role: PartRole,
    pub(crate) media_type: String,
    pub(crate) charset: Option<String>,
    pub(crate) encoding: TransferEncoding,
    pub(crate) declared_name: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) safe_name: String,
    pub(crate) disposition: Option<Disposition>,
    pub(crate) content_id: Option<String>,
    pub(crate) encoded_size: Option<u64>,
    pub(crate) method: Option<String>,
}

impl Seen {
    pub(crate) fn of(part: &MimePart) -> Self {
        Self {
            section: part.section().to_string(),
            role: part.role(),
            media_type: part.media_type().to_owned(),
            charset: part.charset().map(str::to_owned),
            encoding: part.encoding(),
            declared_name: part.declared_name().map(str::to_owned),
            name: part.name().map(str::to_owned),
            safe_name: part.safe_file_name(),
            disposition: part.disposition(),
            content_id: part.content_id().map(str::to_owned),
            encoded_size: part.encoded_size(),
            method: part.param("method").map(str::to_owned),
        }
    }

    pub(crate) fn all(contents: &Contents) -> Vec<Self> {
        contents.parts().map(Self::of).collect()
    }
}

/// The places of what a person sees.
pub(crate) fn shown(contents: &Contents) -> Vec<(&'static str, Vec<String>)> {
    let sections = |parts: Vec<&MimePart>| parts.into_iter().map(|part| part.section().to_string()).collect();
    vec![
        ("text", sections(contents.text().into_iter().collect())),
        ("html", sections(contents.html().into_iter().collect())),
        ("text body", sections(contents.text_body().collect())),
        ("html body", sections(contents.html_body().collect())),
        ("attachments", sections(contents.attachments().collect())),
        ("inlines", sections(contents.inlines().collect())),
        ("messages", sections(contents.messages().collect())),
        ("calendars", sections(contents.calendars().collect())),
        ("signatures", sections(contents.signatures().collect())),
    ]
}

/// The octets of a part, still encoded, by its entity.
pub(crate) fn encoded(part: &MimePart) -> Vec<u8> {
    let entity = part.entity().expect("its bytes are known");
    let size = usize::try_from(part.encoded_size().expect("it is no multipart")).unwrap();
    entity[entity.len() - size..].to_vec()
}

/// What the other list does not have.
pub(crate) fn lines<T: std::fmt::Debug + PartialEq>(one: &[T], other: &[T]) -> String {
    one.iter().filter(|seen| !other.contains(seen)).map(|seen| format!("{seen:?}\n")).collect()
}
