//! Whole dialogues: all that the server said goes through the framer and the codec, in any pieces.

use bytes::Bytes;
use postroom::Limits;
use postroom::imap::codec::{self, Frame, Framer, Route};

use super::as_json::pop3::{Asked, read};
use super::exception::{DIALOG, reason};
use super::unit::{Dialog, dialogs};

#[test]
fn everything_that_imap_servers_say_is_read() {
    let (mut responses, mut failures) = (0, Vec::new());
    let dialogs = dialogs("imap");
    assert_eq!(dialogs.len(), 94);
    for dialog in &dialogs {
        let frames = frames(&said(dialog));
        let (mut raw, mut refused) = (0, Vec::new());
        for frame in &frames {
            match codec::response(frame, &Limits::default()) {
                Ok(codec_response) => raw += usize::from(is_raw(&codec_response)),
                Err(error) => refused.push(format!("{error}: {}", frame.escape_ascii())),
            }
        }
        responses += frames.len();
        if (raw > 0 || !refused.is_empty()) && reason(DIALOG, &dialog.id).is_none() {
            failures.push(format!("{}: {raw} raw, refused: {refused:?}", dialog.id));
        }
        if !ends_are_those_of_the_commands(dialog) {
            failures.push(format!("{}: replies do not end where the server stops", dialog.id));
        }
    }
    println!("{responses} responses in {} dialogues", dialogs.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn everything_that_pop3_servers_say_is_read() {
    let (mut replies, mut failures) = (0, Vec::new());
    let dialogs = dialogs("pop3");
    assert_eq!(dialogs.len(), 72);
    for dialog in &dialogs {
        let mut command = None;
        for (who, bytes) in &dialog.steps {
            match who.as_str() {
                "C" => command = Some(String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned()),
                "S" => {
                    let shown = read(bytes, &Asked { command: command.clone(), multiline: false });
                    replies += shown.len();
                    if shown.iter().any(|reply| reply.get("status").is_none()) && reason(DIALOG, &dialog.id).is_none() {
                        failures.push(format!("{}: {command:?}: {shown:?}", dialog.id));
                    }
                }
                _ => {}
            }
        }
    }
    println!("{replies} replies in {} dialogues", dialogs.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn is_raw(response: &postroom::imap::Response) -> bool {
    matches!(response, postroom::imap::Response::Other { .. })
}

fn said(dialog: &Dialog) -> Vec<u8> {
    dialog.steps.iter().filter(|(who, _)| who == "S").flat_map(|(_, bytes)| bytes.clone()).collect()
}

/// All responses, with the bytes in pieces of 1 to 7 in turn.
fn frames(bytes: &[u8]) -> Vec<Bytes> {
    let (mut framer, limits, mut frames) = (Framer::new(), Limits::default(), Vec::new());
    let (mut start, mut end, mut step) = (0, 0, 0);
    while start < bytes.len() {
        match framer.next(&bytes[start..end], &limits, usize::MAX).expect("no limit is reached") {
            Frame::Complete { len } => {
                frames.push(Bytes::copy_from_slice(&bytes[start..start + len]));
                start += len;
            }
            Frame::Partial if end == bytes.len() => break,
            _ => {
                step = step % 7 + 1;
                end = bytes.len().min(end + step.max(bytes.len() / 5000));
            }
        }
    }
    frames
}

/// A reply to a command ends with its tag, or asks for more.
fn ends_are_those_of_the_commands(dialog: &Dialog) -> bool {
    let replies = dialog.steps.windows(2).filter(|pair| pair[0].0 == "C" && pair[1].0 == "S");
    let is_end = |frame: &Bytes| match codec::route(frame) {
        Route::Tagged { .. } | Route::Continuation => true,
        Route::Untagged(kind) => kind == codec::Kind::Bye,
        _ => false,
    };
    reason(DIALOG, &dialog.id).is_some() || replies.into_iter().all(|pair| frames(&pair[1].1).last().is_none_or(is_end))
}
