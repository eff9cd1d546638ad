//! The job over connections that are lost at chosen bytes.

use std::time::Duration;

use postroom::imap::Imap;

use super::world::{Real, proxy};
use crate::cutting::Plan;
use crate::job::{ACTS, After, Naive, run};
use crate::live::login;
use crate::suite::Trial;

pub(crate) async fn the_job_is_done_if_nothing_is_lost(user: &Trial) {
    let (proxy, config) = proxy(&user.server, Plan::default()).await;
    let begin = async || Naive::new(async || Imap::connect(config.clone(), login(user)).await, After::Repeats);
    let report = run(&Real::new(user), ACTS, Duration::ZERO, begin).await;
    println!("{:?}: {:?}", user.brand(), proxy.passed());
    assert!(report.wrong().is_empty() && report.failed.is_empty() && report.unknown.is_empty(), "{report:#?}");
    assert_eq!((report.done + report.unsupported, proxy.passed().connections), (ACTS.len(), 1));
}
