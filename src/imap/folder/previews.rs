//! The first words of messages: from the server if it has PREVIEW (RFC 8970), otherwise made of the beginning of each text part. It must
//! not know how words are made of a text.

use std::borrow::BorrowMut;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

use super::Folder;
use crate::contents::MimePart;
use crate::error::Result;
use crate::imap::session::Imap;
use crate::imap::types::{Items, Uid, Uids};
use crate::preview;

/// The encoded bytes of a text of which a preview is made: 200 characters of nine bytes each, as quoted-printable has them.
const TEXT: u32 = 2 * 1024;
/// The same of HTML, which begins with styles.
const HTML: u32 = 16 * 1024;
/// The bytes for what is still without words.
const MORE: u32 = 256 * 1024;

impl<S: BorrowMut<Imap>> Folder<S> {
    /// The first words of these messages, up to 200 characters of each, on one line: of the plain text, or of the HTML without its tags
    /// and styles. Messages that do not exist are left out; a message without a text has an empty preview.
    ///
    /// One round trip if the server supports PREVIEW. Otherwise, and for messages of which the server has none or one in a charset that it
    /// does not know, their BODYSTRUCTURE is fetched, then the first 2 KiB of each text or 16 KiB of each HTML: one round trip, and one more for each position that the text
    /// has among the parts, usually one to three. If HTML begins with more than 16 KiB of styles, once more with 256 KiB.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uids;
    ///
    /// let mut inbox = imap.select("INBOX").await?;
    /// for (uid, words) in inbox.previews(Uids::ALL).await? {
    ///     println!("{uid}: {words}");
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`fetch`](Self::fetch).
    pub async fn previews(&mut self, uids: impl Into<Uids>) -> Result<BTreeMap<Uid, String>> {
        let (mut uids, mut previews) = (uids.into(), BTreeMap::new());
        if self.session().check_items(&Items::PREVIEW).is_ok() {
            let mut without = Uids::new();
            let mut mail = self.fetch(uids.clone(), Items::PREVIEW).await?;
            while let Some(fetched) = mail.try_next().await? {
                let Some(uid) = fetched.uid() else { continue };
                match fetched.preview().and_then(|text| preview::of_server(&text.to_string())) {
                    Some(words) => drop(previews.insert(uid, words)),
                    None => without = without.union(&uid.into())?,
                }
            }
            uids = without;
        }
        if !uids.is_empty() {
            self.made_here(uids, &mut previews).await?;
        }
        Ok(previews)
    }

    async fn made_here(&mut self, uids: Uids, previews: &mut BTreeMap<Uid, String>) -> Result<()> {
        let mut parts = BTreeMap::new();
        let mut mail = self.fetch(uids, Items::BODY_STRUCTURE).await?;
        while let Some(fetched) = mail.try_next().await? {
            let Some(uid) = fetched.uid() else { continue };
            previews.insert(uid, String::new());
            let contents = fetched.contents();
            let part = contents.as_ref().and_then(preview::part);
            parts.extend(part.map(|part| (uid, part.clone())));
        }
        let first = |part: &MimePart| if part.media_type() == "text/html" { HTML } else { TEXT };
        let cut = self.begin(&parts, first, previews).await?;
        parts.retain(|uid, _| cut.contains(uid));
        self.begin(&parts, |_| MORE, previews).await.map(drop)
    }

    /// Makes previews of this many bytes of each part. Returns the messages that are still without words and have more text.
    async fn begin(
        &mut self,
        parts: &BTreeMap<Uid, MimePart>,
        length: impl Fn(&MimePart) -> u32,
        previews: &mut BTreeMap<Uid, String>,
    ) -> Result<Vec<Uid>> {
        let mut groups: BTreeMap<(Vec<u32>, u32), Uids> = BTreeMap::new();
        for (uid, part) in parts {
            let group = groups.entry((part.path().to_vec(), length(part))).or_default();
            *group = group.union(&Uids::from(*uid))?;
        }
        let mut cut = Vec::new();
        for ((_, length), uids) in groups {
            let Some(part) = uids.iter().next().and_then(|uid| parts.get(&uid)) else { continue };
            let (section, most) = (part.section(), NonZeroU32::new(length).unwrap_or(NonZeroU32::MIN));
            let mut mail = self.fetch(uids, Items::new().partial(section.clone(), 0, most)).await?;
            while let Some(fetched) = mail.try_next().await? {
                let Some((uid, part)) = fetched.uid().and_then(|uid| Some((uid, parts.get(&uid)?))) else { continue };
                let bytes = fetched.section(&section).and_then(|section| section.bytes()).unwrap_or_default();
                let words = preview::of_part(part, &bytes);
                if words.is_empty() && bytes.len() as u64 >= u64::from(length) {
                    cut.push(uid);
                }
                previews.insert(uid, words);
            }
        }
        Ok(cut)
    }
}
