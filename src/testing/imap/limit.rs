//! MESSAGELIMIT (RFC 9738): the most messages of one command, and the report that there were more. The highest UIDs come first. It must
//! not know a command.

use super::Session;
use super::args::Stop;

/// The lowest UID that was processed, if some of the messages were not.
pub(super) type Lowest = Option<u32>;

/// Keeps the last of the ascending messages, at most as many as the limit.
pub(super) fn limit<T>(most: Option<u32>, all: &mut Vec<T>, uid: impl Fn(&T) -> Option<u32>) -> Lowest {
    let most = most.filter(|&most| all.len() > most as usize)?;
    all.drain(..all.len() - most as usize);
    all.first().and_then(uid)
}

impl Session {
    /// The same for the indexes of messages in the view.
    pub(super) fn limit_indexes(&mut self, indexes: &mut Vec<usize>) -> Result<Lowest, Stop> {
        let most = self.shared.options.message_limit;
        let view = self.view()?;
        Ok(limit(most, indexes, |&index| view.entries.get(index).map(|entry| entry.uid)))
    }

    /// Refuses a command over the limit that cannot be executed in part.
    pub(super) fn check_limit(&self, messages: usize) -> Result<(), Stop> {
        match self.shared.options.message_limit {
            Some(most) if messages > most as usize => {
                Err(Stop::No(format!("[MESSAGELIMIT {most}] Too many messages, nothing was done")))
            }
            _ => Ok(()),
        }
    }

    /// The text of the tagged OK. It can have only one code, so MESSAGELIMIT may go to an untagged NO instead.
    pub(super) fn limited(&mut self, lowest: Lowest, text: String) -> String {
        let (Some(most), Some(lowest)) = (self.shared.options.message_limit, lowest) else { return text };
        let code = format!("[MESSAGELIMIT {most} {lowest}]");
        if text.starts_with('[') || self.shared.options.limit_untagged {
            self.wire.push(format!("* NO {code} There are more messages\r\n"));
            return text;
        }
        format!("{code} {text} for the last {most} messages")
    }
}
