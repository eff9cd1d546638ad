//! COMPRESS (RFC 4978): both sides compress everything after the tagged OK. Nothing may be sent before its result is known. The engine
//! reports the outcome once the stream compresses.

use super::{Command, EncodeOptions, Frames};
use crate::error::Result;
use crate::imap::codec::stateful::compress_deflate;
use crate::imap::plan::{Order, Plan, SessionEffect};
use crate::imap::types::Condition;

pub(crate) struct Compress;

impl Command for Compress {
    type Output = ();

    fn plan(&self, _: EncodeOptions) -> Result<Plan> {
        let plan = Plan::new("COMPRESS", compress_deflate().finish());
        Ok(plan.order(Order::default().before_all().preparing()).effect(SessionEffect::Compress))
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}
