//! Makes the parts of drafts: their paths, their places in the tree, their names. It must not know where the drafts come from.

use super::draft::{Draft, Kind};
use super::file_name;
use super::mime::TransferEncoding;
use super::node::{self, Node};
use super::part::{MimePart, PartData, PartRole};
use super::role;
use crate::defect::Defect;

/// The parts in order, what the bodies of all messages among them are, and what is wrong with them.
pub(super) struct Tree {
    pub(super) parts: Vec<MimePart>,
    pub(super) bodies: role::Bodies,
    pub(super) defects: Vec<Defect>,
}

impl Tree {
    pub(super) fn new(drafts: Vec<Draft>) -> Self {
        let nodes = node::nodes(&drafts);
        let (roles, bodies) = role::assign(&drafts, &nodes);
        let mut defects = Vec::new();
        let parts = drafts.into_iter().zip(nodes).zip(roles).enumerate();
        let parts = parts.map(|(place, ((draft, node), role))| {
            defects.extend(draft.flaws.iter().map(|&reason| Defect::Part { path: node.path.clone(), reason }));
            part(draft, node, role, place)
        });
        let parts = parts.collect();
        Self { parts, bodies, defects }
    }
}

fn part(mut draft: Draft, node: Node, role: PartRole, place: usize) -> MimePart {
    if draft.kind == Kind::Multipart {
        // A multipart is never encoded (RFC 2045 §6.4), and BODYSTRUCTURE has no place for the others (RFC 9051 §7.5.2).
        draft.fields.encoding = TransferEncoding::Identity;
        (draft.fields.content_id, draft.fields.description) = (None, None);
    }
    let name = draft.fields.declared_name.clone().or_else(|| match role {
        PartRole::Message => Some(format!("{}.eml", draft.subject.as_deref().unwrap_or("message"))),
        PartRole::Group | PartRole::Text | PartRole::Html | PartRole::Alternative => None,
        _ if draft.kind == Kind::Multipart => None,
        _ => Some(file_name::of_path(&node.path, &draft.fields.media_type)),
    });
    MimePart::new(PartData {
        path: node.path,
        is_text: node.is_text,
        place,
        end: node.end,
        parent: node.parent,
        message: node.message,
        role,
        kind: draft.kind,
        name,
        fields: draft.fields,
        encoded_size: draft.encoded_size,
        encoded: draft.encoded,
        entity: draft.entity,
    })
}
