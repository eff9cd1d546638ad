//! The wildcards of LIST (RFC 3501 §6.3.8). It must not know where names come from.

/// `*` matches anything, `%` anything without the delimiter. One position for backtracking is enough for each of them.
pub(super) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut here) = (0, 0);
    let (mut star, mut percent) = (None, None);
    loop {
        match (pattern.get(at), name.get(here)) {
            (None, None) => return true,
            (Some(b'*'), _) => {
                star = Some((at + 1, here));
                percent = None;
                at += 1;
                continue;
            }
            (Some(b'%'), _) => {
                percent = Some((at + 1, here));
                at += 1;
                continue;
            }
            (Some(wanted), Some(found)) if wanted == found => {
                at += 1;
                here += 1;
                continue;
            }
            _ => {}
        }
        match (percent, star) {
            (Some((next, from)), _) if name.get(from).is_some_and(|&byte| byte != b'/') => {
                percent = Some((next, from + 1));
                (at, here) = (next, from + 1);
            }
            (_, Some((next, from))) if from < name.len() => {
                percent = None;
                star = Some((next, from + 1));
                (at, here) = (next, from + 1);
            }
            _ => return false,
        }
    }
}
