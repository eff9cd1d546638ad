//! IDLE (RFC 2177): changes are reported as they happen. It must not know other commands.

use super::args::{Args, Stop};
use super::{Answer, Session};

impl Session {
    pub(super) async fn idle(&mut self, args: &Args) -> Answer {
        args.end()?;
        let mut changes = self.shared.store.changes();
        self.wire.push("+ Changes\r\n");
        loop {
            // Changes from before IDLE are reported first, so that none is lost between.
            changes.mark_unchanged();
            if !self.shared.options.mutes_pushes {
                self.report(true);
                self.report_others();
            }
            self.wire.flush().await?;
            if self.over {
                return Err(Stop::Answered);
            }
            tokio::select! {
                line = self.wire.line() => return match line? {
                    Some(line) if line.eq_ignore_ascii_case(b"DONE") => Ok("IDLE completed".to_owned()),
                    Some(_) => Err(Stop::bad("Expected DONE")),
                    None => { self.over = true; Err(Stop::Answered) }
                },
                changed = changes.changed() => if changed.is_err() { return Err(Stop::Answered) },
            }
        }
    }
}
