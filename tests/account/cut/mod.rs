//! Connections that are lost at any byte, in process and on a paused clock: nothing is lost or done twice, and every call's result is true.

mod case;
mod embedded;
mod oracle;
mod slow;

use case::Case;
use embedded::Embedded;

use crate::cutting::{Passed, Proxy};
use crate::job::{Doer, Report, run};

/// One case, by this doer. Each has a runtime of its own, so that nothing of one reaches the next.
fn play<D: Doer>(case: &Case, begin: impl AsyncFnOnce(Embedded, Proxy) -> D) -> (Report, Passed) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = Embedded::new(case.manner);
        let proxy = world.proxy(case);
        let begin = async || begin(world.clone(), proxy.clone()).await;
        let report = run(&world, &case.acts, case.plan.lateness(), begin).await;
        (report, proxy.passed())
    })
}
