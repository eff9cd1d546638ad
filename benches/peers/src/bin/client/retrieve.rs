//! All messages of a maildrop.

use std::time::Instant;

use postroom::pop3::{Number, RetrievedContent};
use postroom::{Login, Pop3};
use postroom_benches::checksum::Run;
use postroom_benches::cli::{Args, Result};

/// Every message by RETR.
pub(crate) async fn pop3(args: &Args) -> Result<()> {
    let login = Login::password(args.need::<String>("user")?, args.need::<String>("password")?);
    let mut pop3 = Pop3::connect(crate::config(args)?, login).await?;
    let began = Instant::now();
    let mut said = Vec::new();
    for _ in 0..args.or("reps", 1)? {
        let (mut run, mut messages) = (Run::default(), 0u64);
        let numbers = (1..=args.need("count")?).filter_map(|number| Number::new(number).ok());
        let mut mail = pop3.fetch(numbers);
        while let Some(retrieved) = mail.try_next().await? {
            let RetrievedContent::Whole(bytes) = retrieved.content else {
                return Err("a message is not whole".into());
            };
            run.update(&bytes);
            messages += 1;
        }
        drop(mail);
        said.push((messages, run.value()));
    }
    println!("wall_s {}", began.elapsed().as_secs_f64());
    said.iter().for_each(|(messages, sum)| println!("messages {messages}\nchecksum {sum:016x}"));
    Ok(pop3.quit().await?)
}
