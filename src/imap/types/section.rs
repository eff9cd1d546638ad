//! [`Section`]: the part of a message that a `BODY[...]` names (RFC 9051 §6.4.5.1). It must not know who asks for it, nor which bytes of
//! the section are wanted.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use crate::{Error, Result};

/// A section of a message: all of it, its header, its text, or one part of its MIME tree (RFC 9051 §6.4.5.1).
///
/// ```
/// use postroom::imap::Section;
///
/// assert_eq!(Section::WHOLE.to_string(), "");
/// assert_eq!(Section::part(&[1, 2])?.mime().to_string(), "1.2.MIME");
/// assert_eq!(Section::header_fields(["Date", "List-Id"])?.to_string(), "HEADER.FIELDS (DATE LIST-ID)");
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Section {
    part: Cow<'static, [u32]>,
    what: What,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum What {
    Whole,
    Header,
    Text,
    Mime,
    Fields(Vec<String>),
    FieldsNot(Vec<String>),
}

impl Section {
    /// The whole message: `BODY[]`.
    pub const WHOLE: Self = Self::top(What::Whole);
    /// The header of the message, including the empty line at its end: `BODY[HEADER]`.
    pub const HEADER: Self = Self::top(What::Header);
    /// The message without its header: `BODY[TEXT]`.
    pub const TEXT: Self = Self::top(What::Text);

    /// The content of one part, by its numbers in the MIME tree: `&[2, 1]` is `BODY[2.1]`. An empty path is the whole message.
    ///
    /// ```
    /// # use postroom::imap::Section;
    /// assert_eq!(Section::part(&[2, 1])?.to_string(), "2.1");
    /// assert!(Section::part(&[0]).is_err());
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) if a part number is 0, or if the path has more than 100 numbers.
    pub fn part(path: &[u32]) -> Result<Self> {
        if path.contains(&0) || path.len() > 100 {
            return Err(Error::input("a part path must have at most 100 numbers, none of them 0"));
        }
        Ok(Self { part: Cow::Owned(path.to_vec()), what: What::Whole })
    }

    /// The content of the part with this path, which comes from a body structure.
    pub(crate) fn of_path(path: Vec<u32>) -> Self {
        Self { part: path.into(), what: What::Whole }
    }

    /// The header fields by which a mailing list is left (RFC 2369, RFC 8058).
    pub(crate) fn unsubscribe() -> Self {
        let names = ["LIST-UNSUBSCRIBE", "LIST-UNSUBSCRIBE-POST"];
        Self::top(What::Fields(names.map(str::to_owned).into()))
    }

    /// Whether it is the content of a part, not a header or text. `BINARY` accepts nothing else.
    pub(crate) fn is_content(&self) -> bool {
        self.what == What::Whole
    }

    /// Only these fields of the message's header, in the order of the message.
    ///
    /// ```
    /// # use postroom::imap::Section;
    /// assert_eq!(Section::header_fields(["List-Id"])?.to_string(), "HEADER.FIELDS (LIST-ID)");
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) if there are no names, or one is not a valid header field name (RFC 5322 §2.2).
    pub fn header_fields<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Self> {
        field_names(names).map(|names| Self::top(What::Fields(names)))
    }

    /// The message's header without these fields.
    ///
    /// ```
    /// # use postroom::imap::Section;
    /// assert_eq!(Section::header_fields_not(["Received"])?.to_string(), "HEADER.FIELDS.NOT (RECEIVED)");
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`header_fields`](Self::header_fields).
    pub fn header_fields_not<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Self> {
        field_names(names).map(|names| Self::top(What::FieldsNot(names)))
    }

    /// The header of this part, which must be an embedded message, or of the whole message.
    #[must_use]
    pub fn header(self) -> Self {
        Self { what: What::Header, ..self }
    }

    /// The text of this part, which must be an embedded message, or of the whole message.
    #[must_use]
    pub fn text(self) -> Self {
        Self { what: What::Text, ..self }
    }

    /// The MIME header of this part; for the whole message, which has no separate one, the header.
    #[must_use]
    pub fn mime(self) -> Self {
        let what = if self.part.is_empty() { What::Header } else { What::Mime };
        Self { what, ..self }
    }

    /// The part numbers; empty for the message itself.
    pub fn path(&self) -> &[u32] {
        &self.part
    }

    /// Reads the text between the brackets of `BODY[...]` in a response; `None` if it is not a `section-spec` (RFC 9051 §9).
    pub(crate) fn from_wire(text: &str) -> Option<Self> {
        let mut part = Vec::new();
        let mut rest = text;
        while rest.starts_with(|c: char| c.is_ascii_digit()) {
            let (number, after) = rest.split_once('.').unwrap_or((rest, ""));
            part.push(number.parse().ok().filter(|&number: &u32| number > 0)?);
            rest = after;
        }
        let what = What::from_wire(rest)?;
        let valid = part.len() <= 100 && !(what == What::Mime && part.is_empty());
        valid.then(|| Self { part: part.into(), what })
    }

    /// Whether a server means this section by that name, in any spelling.
    pub(crate) fn is_called(&self, name: &[u8]) -> bool {
        let mut same = Same(name);
        let is_same = write!(same, "{self}").is_ok() && same.0.is_empty();
        is_same || str::from_utf8(name).ok().and_then(Self::from_wire).is_some_and(|other| other.means(self))
    }

    /// Whether both name the same section; the order of header fields does not matter.
    fn means(&self, other: &Self) -> bool {
        let sorted = |names: &[String]| {
            let mut names: Vec<_> = names.to_vec();
            names.sort_unstable();
            names.dedup();
            names
        };
        self.part == other.part
            && match (&self.what, &other.what) {
                (What::Fields(one), What::Fields(two)) | (What::FieldsNot(one), What::FieldsNot(two)) => {
                    sorted(one) == sorted(two)
                }
                (one, two) => one == two,
            }
    }

    const fn top(what: What) -> Self {
        Self { part: Cow::Borrowed(&[]), what }
    }
}

impl What {
    fn from_wire(text: &str) -> Option<Self> {
        let (keyword, rest) = text.split_once(' ').unwrap_or((text, ""));
        match (keyword.to_ascii_uppercase().as_str(), rest) {
            ("", "") => Some(Self::Whole),
            ("HEADER", "") => Some(Self::Header),
            ("TEXT", "") => Some(Self::Text),
            ("MIME", "") => Some(Self::Mime),
            ("HEADER.FIELDS", names) => field_list(names).map(Self::Fields),
            ("HEADER.FIELDS.NOT", names) => field_list(names).map(Self::FieldsNot),
            _ => None,
        }
    }
}

/// A list of field names in a response, quoted or not.
fn field_list(text: &str) -> Option<Vec<String>> {
    let names = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    field_names(names.split_ascii_whitespace().map(|name| name.trim_matches('"'))).ok()
}

fn field_names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Vec<String>> {
    let names: Vec<String> = names.into_iter().map(|name| name.as_ref().to_ascii_uppercase()).collect();
    if names.is_empty() || !names.iter().all(|name| is_field_name(name)) {
        return Err(Error::input("at least one header field is needed, and names are printable ASCII without a colon"));
    }
    Ok(names)
}

fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 998 && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

/// Compares written text with a name, without regard to letter case. Contains the rest of the name.
struct Same<'a>(&'a [u8]);

impl fmt::Write for Same<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let (head, rest) = self.0.split_at_checked(text.len()).ok_or(fmt::Error)?;
        self.0 = rest;
        if head.eq_ignore_ascii_case(text.as_bytes()) { Ok(()) } else { Err(fmt::Error) }
    }
}

impl FromStr for Section {
    type Err = Error;

    /// Reads the text between the brackets of `BODY[...]`. Anything but a `section-spec` (RFC 9051 §9) is an error of
    /// [`Kind::Input`](crate::Kind::Input).
    ///
    /// ```
    /// use postroom::imap::Section;
    ///
    /// assert_eq!("2.1".parse::<Section>()?, Section::part(&[2, 1])?);
    /// assert_eq!("HEADER".parse::<Section>()?, Section::HEADER);
    /// assert!("2..1".parse::<Section>().is_err());
    /// # Ok::<(), postroom::Error>(())
    /// ```
    fn from_str(text: &str) -> Result<Self> {
        Self::from_wire(text).ok_or_else(|| Error::input(format!("{text:?} names no section of a message")))
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut dot = "";
        for number in self.part.iter() {
            write!(f, "{dot}{number}")?;
            dot = ".";
        }
        match &self.what {
            What::Whole => Ok(()),
            What::Header => write!(f, "{dot}HEADER"),
            What::Text => write!(f, "{dot}TEXT"),
            What::Mime => write!(f, "{dot}MIME"),
            What::Fields(names) => write!(f, "{dot}HEADER.FIELDS ({})", FieldNames(names)),
            What::FieldsNot(names) => write!(f, "{dot}HEADER.FIELDS.NOT ({})", FieldNames(names)),
        }
    }
}

/// `astring`s with spaces between them.
struct FieldNames<'a>(&'a [String]);

impl fmt::Display for FieldNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut space = "";
        for name in self.0 {
            f.write_str(std::mem::replace(&mut space, " "))?;
            match name.contains(['(', ')', '{', '%', '*', '"', '\\']) {
                true => write!(f, "\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")),
                false => f.write_str(name),
            }?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let fields = Section::header_fields(["date", "x-spam"]).unwrap();
        let part = Section::part(&[1, 2]).unwrap();
        let not = Section { part: Cow::Borrowed(&[3]), ..Section::header_fields_not(["To"]).unwrap() };
        let all = [
            Section::WHOLE,
            Section::HEADER,
            Section::TEXT,
            fields,
            not,
            part.clone(),
            part.clone().mime(),
            part.header(),
        ];
        for section in all {
            assert_eq!(Section::from_wire(&section.to_string()), Some(section));
        }
    }

    #[test]
    fn servers_echo_fields_in_their_own_way() {
        let asked = Section::header_fields(["Message-ID", "date"]).unwrap();
        assert_eq!(Section::from_wire("header.fields (\"Message-Id\" DATE )"), Some(asked));
        for wrong in ["0", "1..2", "MIME", "HEADER.FIELDS", "HEADER.FIELDS ()", "99999999999", "1.FOO", "HEADER x"] {
            assert_eq!(Section::from_wire(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_field_name_cannot_break_out() {
        for name in ["", "a b", "a:b", "a\r\nb", "ä", "a\0"] {
            assert!(Section::header_fields([name]).is_err(), "{name:?}");
        }
        let odd = Section::header_fields(["a)\"\\{5}"]).unwrap();
        assert_eq!(odd.to_string(), "HEADER.FIELDS (\"A)\\\"\\\\{5}\")");
    }
}
