//! The loss of the connection at each byte, and late execution. Nothing is lost, nothing is doubled within `settle`, later doubles are
//! reported, and the results are true.

use std::time::Duration;

use postroom::Kind;

use crate::cutting::{How, Plan, Side};
use crate::once::act::Act;
use crate::once::world::{Manner, Run, run};

/// Executed before the account looks for the second time.
const SOON: How = How::Late(Duration::from_secs(1));
/// Executed after the account has made the change again.
const LATER: How = How::Late(Duration::from_secs(4));

/// With 1, every byte is tried.
const STEP: usize = 29;

/// Tries each `step`th byte from when the session is open.
fn try_bytes(acts: &[Act], manner: Manner, how: How, step: usize) {
    let mut doubled = 0;
    for &act in acts {
        let calm = run(act, manner, Plan::default());
        let is_unsupported = calm.result.as_ref().is_err_and(|error| error.kind() == Kind::Unsupported);
        if is_unsupported {
            continue;
        }
        calm.result.as_ref().unwrap();
        assert_eq!(act.effects(&calm.after), vec![1; act.effects(&calm.after).len()], "{act:?} {manner:?}");
        let to_server = (Side::ToServer, calm.before.to_server..calm.passed.to_server);
        let from_server = (Side::FromServer, calm.before.from_server..calm.passed.from_server);
        for (side, bytes) in [to_server, from_server] {
            for at in bytes.step_by(step) {
                doubled +=
                    judge(act, manner, how, &format!("{side:?} {at}"), &run(act, manner, Plan::one(side, at, how)));
            }
        }
    }
    if how != LATER {
        assert_eq!(doubled, 0);
    }
}

/// Returns how many second copies there are.
fn judge(act: Act, manner: Manner, how: How, place: &str, run: &Run) -> usize {
    let effects = act.effects(&run.after);
    let told = format!("{act:?} {manner:?} {how:?} {place}: {effects:?}, {} reported, {:?}", run.reported, run.result);
    let doubled: usize = effects.iter().map(|count| count.saturating_sub(1)).sum();
    assert_eq!(doubled, run.reported, "{told}");
    match &run.result {
        Ok(()) => assert!(effects.iter().all(|count| *count >= 1), "{told}"),
        // Nothing shows whether the message without Message-ID is ours.
        Err(error) if error.kind() == Kind::Unknown => assert!(act.sends() && manner == Manner::StripsIds, "{told}"),
        Err(error) => {
            assert!(act == Act::AppendOnce && error.kind() == Kind::Closed, "{told}");
            // The command may run after the account has said that it does not know of it.
            assert!(how == LATER || effects == [0], "{told}");
        }
    }
    doubled
}

#[test]
fn a_message_is_stored_once_wherever_the_connection_is_lost() {
    let acts = [Act::Append, Act::AppendOnce, Act::AppendAll, Act::Replace];
    for manner in Manner::ALL {
        try_bytes(&acts, manner, How::Close, STEP);
        try_bytes(&acts, manner, SOON, 6 * STEP);
    }
    try_bytes(&[Act::AppendLarge], Manner::Plain, How::Reset, 499);
}

#[test]
fn messages_are_copied_and_moved_once_wherever_the_connection_is_lost() {
    let acts = [Act::Copy, Act::CopyHere, Act::Move];
    for manner in [Manner::Plain, Manner::NoUidplus, Manner::Old] {
        try_bytes(&acts, manner, How::Close, STEP);
        try_bytes(&acts, manner, SOON, 6 * STEP);
    }
}

#[test]
fn flags_and_mailboxes_are_changed_once_wherever_the_connection_is_lost() {
    let acts = [
        Act::StoreIf,
        Act::Store,
        Act::Expunge,
        Act::Create,
        Act::Rename,
        Act::RenameInbox,
        Act::Delete,
        Act::Subscribe,
    ];
    for manner in [Manner::Plain, Manner::Old] {
        try_bytes(&acts, manner, How::Close, STEP);
        try_bytes(&acts, manner, SOON, 6 * STEP);
    }
}

#[test]
fn what_runs_very_late_is_reported() {
    for manner in [Manner::Plain, Manner::Stamps, Manner::NoUidplus] {
        try_bytes(&Act::ALL, manner, LATER, 10 * STEP);
    }
    let late = run(Act::Append, Manner::Plain, last_byte(Act::Append, LATER));
    assert_eq!((late.reported, Act::Append.effects(&late.after)), (1, vec![2]), "{:?}", late.result);
}

#[test]
fn a_connection_that_stalls_is_a_lost_one() {
    for act in [Act::Append, Act::Copy, Act::Move, Act::Create, Act::StoreIf] {
        try_bytes(&[act], Manner::Plain, How::Stall, 97);
    }
}

/// The loss of the last byte to the server.
fn last_byte(act: Act, how: How) -> Plan {
    let calm = run(act, Manner::Plain, Plan::default());
    Plan::one(Side::ToServer, calm.passed.to_server - 1, how)
}
