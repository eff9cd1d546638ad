//! Where each part is in the tree, and its path (RFC 9051 §6.4.5.1). It must not know what a part means.

use super::draft::{Draft, Kind};

/// Where a part is in the tree.
pub(super) struct Node {
    pub(super) path: Vec<u32>,
    /// Whether the path names the message that has this multipart as its body.
    pub(super) is_text: bool,
    pub(super) parent: Option<usize>,
    /// The place of the body of the message that it belongs to.
    pub(super) message: usize,
    /// The place after the last part inside it.
    pub(super) end: usize,
    /// The position among its parent's children, from 0.
    pub(super) ordinal: u32,
}

/// The place in the tree of each part, in order.
pub(super) fn nodes(drafts: &[Draft]) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::with_capacity(drafts.len());
    // The parts around the current one, each with the number of its children so far.
    let mut around: Vec<(usize, u32)> = Vec::new();
    for (place, draft) in drafts.iter().enumerate() {
        for (closed, _) in around.drain(draft.depth.min(around.len())..) {
            if let Some(node) = nodes.get_mut(closed) {
                node.end = place;
            }
        }
        let mut ordinal = 0;
        let parent = around.last_mut().map(|(parent, children)| {
            ordinal = *children;
            *children += 1;
            *parent
        });
        let parent_kind = parent.and_then(|parent| drafts.get(parent)).map(|parent| parent.kind);
        let is_text = draft.kind == Kind::Multipart && parent_kind.is_none_or(|kind| kind == Kind::Message);
        let mut path = parent.and_then(|parent| nodes.get(parent)).map(|node| node.path.clone()).unwrap_or_default();
        if !is_text {
            path.push(draft.number.unwrap_or(ordinal + 1));
        }
        let message = match (parent, parent_kind) {
            (None, _) | (_, Some(Kind::Message)) => place,
            (Some(parent), _) => nodes.get(parent).map_or(place, |node| node.message),
        };
        nodes.push(Node { path, is_text, parent, message, end: drafts.len(), ordinal });
        around.push((place, 0));
    }
    nodes
}
