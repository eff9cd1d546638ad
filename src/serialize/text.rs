//! Values with a text form: they are written and read as that text.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Flag, Flags, MessageId};

/// Reads a string by [`FromStr`].
struct Text<T>(&'static str, PhantomData<T>);

impl<T> Visitor<'_> for Text<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text of a {}", self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// What is written by `Display` and read by `FromStr`.
macro_rules! texts {
    ($($value:ident)*) => {
        $(
            /// As its text.
            impl Serialize for $value {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            /// From its text.
            impl<'de> Deserialize<'de> for $value {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserializer.deserialize_str(Text(stringify!($value), PhantomData))
                }
            }
        )*
    };
}

/// What is written and read as a number.
#[cfg(feature = "imap")]
macro_rules! numbers {
    ($($value:ident)*) => {
        $(
            /// As a number.
            impl Serialize for $value {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_u32(self.as_u32())
                }
            }

            /// From a number.
            impl<'de> Deserialize<'de> for $value {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    Self::new(u32::deserialize(deserializer)?).map_err(de::Error::custom)
                }
            }
        )*
    };
}

texts! { Flag MessageId }

#[cfg(feature = "imap")]
mod of_imap {
    use super::*;
    use crate::imap::{MailboxName, PageToken, SeqNum, Uid, UidValidity, Undo};

    texts! { MailboxName PageToken Undo }
    numbers! { SeqNum Uid UidValidity }
}

/// As a list of names.
impl Serialize for Flags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_come_back() {
        let id = MessageId::other("stub", "a b");
        let written = serde_json::to_value((&Flag::SEEN, &id)).unwrap();
        assert_eq!(written, json!(["\\Seen", id.to_string()]));
        assert_eq!(serde_json::from_value::<(Flag, MessageId)>(written).unwrap(), (Flag::SEEN, id));
        assert!(serde_json::from_value::<Flag>(json!("a b")).is_err());
        assert!(serde_json::from_value::<MessageId>(json!(7)).is_err());
    }

    #[cfg(feature = "imap")]
    #[test]
    fn names_and_numbers_come_back() {
        use crate::imap::{MailboxName, PageToken, Uid, Undo};
        let text = json!([7, "Entwürfe", "p1:1288834974:100"]);
        let read: (Uid, MailboxName, PageToken) = serde_json::from_value(text.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), text);
        assert!(serde_json::from_value::<Uid>(json!(0)).is_err());
        assert!(serde_json::from_value::<Undo>(json!("p1")).is_err());
    }
}
