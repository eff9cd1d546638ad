//! Connections that are lost at any byte while another client changes the mailboxes.

use super::world::{Copy, World};
use super::{MINUTE, SECOND, SERVERS, quick, server, world};
use crate::cutting::Plan;
use crate::rng::Rng;

#[tokio::test(start_paused = true)]
async fn nothing_is_missed_or_doubled_whatever_connections_are_lost() {
    for seed in 0..24 {
        let mut rng = Rng::new(seed);
        let (method, lacks, within) = SERVERS[rng.below(SERVERS.len())];
        let plan = Plan::random(&mut rng, 2_000, 20_000);
        let about = format!("seed {seed}: {method:?} {lacks:?}, {plan}");
        let world = World::new(server(method, lacks), plan).await;
        let account = world.account(1 + rng.below(3));
        let (mut watch, mut copy) = (quick(account.watch(world::MAILBOXES).unwrap()), Copy::default());
        for _ in 0..20 {
            for _ in 0..rng.below(3) {
                world.change(&mut rng);
            }
            if rng.once_in(6) {
                world.server.disconnect_all();
            }
            copy.follow(&world, &mut watch, SECOND * u32::try_from(rng.below(20)).unwrap()).await;
        }
        // A mute connection is noticed by the next command, or by the deadline of IDLE.
        copy.follow(&world, &mut watch, within + 45 * MINUTE).await;
        assert_eq!(*copy.mailboxes(), world.named(), "{about}");
        assert!(copy.offline - copy.online <= 1, "{about}: {copy:?}");
    }
}
