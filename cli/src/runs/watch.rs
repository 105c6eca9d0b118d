//! Following a run.

use std::time::Duration;

use shared::aws::Worker;
use shared::error::Error;
use shared::model::run::Run;

use super::progress::Progress;
use super::screen::Screen;
use crate::pace::pause;

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Somebody who looks at one run.
pub(super) struct Watch<'a> {
    worker: &'a Worker,
    run: &'a str,
    /// How many seconds to look at most.
    seconds: u32,
}

/// A run, and how far it is.
pub(super) struct Watched {
    pub(super) run: Run,
    pub(super) progress: Progress,
}

impl<'a> Watch<'a> {
    pub(super) fn new(worker: &'a Worker, run: &'a str, seconds: u32) -> Self {
        Self { worker, run, seconds }
    }

    /// Shows how far it is for as long as it is let; ends only with a failure.
    pub(super) async fn show_until_dropped(&self) -> Error {
        let mut screen = Screen::new();
        loop {
            pause(LOOK_AGAIN).await;
            match self.look().await {
                Ok(Some(seen)) => screen.show(&seen.progress, self.worker.now()),
                Ok(None) => {}
                Err(error) => return error,
            }
        }
    }

    /// How it stands now.
    pub(super) async fn once(&self) -> Result<Watched, Error> {
        self.look().await?.ok_or_else(|| self.gone())
    }

    /// Shows how far it is until it is over, or the time is.
    pub(super) async fn to_the_end(&self) -> Result<Watched, Error> {
        let until = self.worker.now().as_second().saturating_add(self.seconds.into());
        let mut screen = Screen::new();
        loop {
            let seen = self.once().await?;
            let now = self.worker.now();
            if seen.progress.is_final() || now.as_second() >= until {
                screen.clear();
                return Ok(seen);
            }
            screen.show(&seen.progress, now);
            pause(LOOK_AGAIN).await;
        }
    }

    async fn look(&self) -> Result<Option<Watched>, Error> {
        // The item first: a part that comes after it only adds to what the item says.
        let Some(run) = self.worker.inspect_run(self.run).await? else { return Ok(None) };
        let parts = self.worker.inspect_parts(self.run).await?;
        let progress = Progress::of(&run, &parts, self.worker.now());
        Ok(Some(Watched { run, progress }))
    }

    fn gone(&self) -> Error {
        Error::Unreadable { what: format!("run {}", self.run), source: "the table has it no more".into() }
    }
}
