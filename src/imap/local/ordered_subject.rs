//! The threading algorithm ORDEREDSUBJECT (RFC 5256 §3). It must not know where the messages come from.

use super::tree::{Message, Node};

/// The trees of these messages, which are in the order of the mailbox; and their roots.
pub(super) fn thread(messages: &[Message]) -> (Vec<Node>, Vec<usize>) {
    let mut order: Vec<(&Message, usize)> = messages.iter().zip(0..).collect();
    order.sort_by_key(|(message, _)| (&message.subject, message.date));
    let mut nodes: Vec<Node> = (0..messages.len()).map(|at| Node { message: Some(at), children: Vec::new() }).collect();
    let mut firsts: Vec<(&Message, usize)> = Vec::new();
    for (message, at) in order {
        match firsts.last() {
            Some((first, root)) if first.subject == message.subject => {
                if let Some(root) = nodes.get_mut(*root) {
                    root.children.push(at);
                }
            }
            _ => firsts.push((message, at)),
        }
    }
    firsts.sort_by_key(|(message, _)| (message.date, message.uid));
    (nodes, firsts.into_iter().map(|(_, at)| at).collect())
}
