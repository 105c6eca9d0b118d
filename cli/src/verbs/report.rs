//! `zonelink report`: the fleet as one page for people.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use askama::Template as _;
use serde::Serialize;

use crate::answer::Answer;
use crate::context::Context;
use crate::failure::Failure;
use crate::fleet::Fleet;
use crate::installation::Named;
use crate::report::{Page, Shown, Times};
use crate::terminal::count;

/// Draws the fleet on one page for a browser.
///
/// Services, accounts, VPCs, endpoints and zones as a picture that can be searched; what is held and what helps; the
/// time from an endpoint's creation to its record, from the journal. The page is one file, which needs no network and
/// can be sent on: it holds account ids, names and addresses, so send it to those who may know them.
///
/// As with `status`, the state is what EC2 says now and all else is what the table says; Route 53 is not read.
///
/// Exit codes: 0 it is written, 1 it is not.
#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// Where to write the page; an existing file is replaced, and `-` is standard output
    #[arg(long, value_name = "FILE")]
    html: PathBuf,
}

/// The answer for programs.
#[derive(Debug, Serialize)]
struct Written<'a> {
    installation: Named,
    /// The file.
    html: &'a Path,
    bytes: usize,
    #[serde(flatten)]
    shown: Shown,
}

impl Report {
    pub(crate) async fn run(&self, context: &Context) -> anyhow::Result<Answer> {
        let to_file = self.html.as_os_str() != "-";
        if to_file {
            // Before anything is read, which may take a while.
            check(&self.html)?;
        }
        let installation = context.installation().await?;
        let fleet = Fleet::read(&installation.worker).await?;
        let times = Times::read(&installation.worker, fleet.claims.keys()).await;
        let named = installation.named();
        let page = Page::new(&named, &fleet, &times);
        let html = page.render().context("the page cannot be made")?;
        if !to_file {
            return Ok(Answer::raw(html));
        }
        replace(&self.html, html.as_bytes())?;
        let shown = page.shown(&fleet, &times);
        let text = format!(
            "{}: {}, {}, time to DNS of {}{}",
            self.html.display(),
            count(shown.endpoints, "endpoint"),
            count(shown.holds, "hold"),
            count(shown.times, "record"),
            if shown.unread > 0 { format!("; not readable: {}", shown.unread) } else { String::new() },
        );
        let written = Written { installation: named.clone(), html: &self.html, bytes: html.len(), shown };
        Answer::new(&written, text)
    }
}

/// The folder in which a file is to stand.
fn folder(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn check(file: &Path) -> Result<(), Failure> {
    let folder = folder(file);
    if !folder.is_dir() {
        let what = format!("--html: {} cannot be written: {} is no folder", file.display(), folder.display());
        return Err(Failure::usage(what, "make the folder first, or name another"));
    }
    if file.is_dir() || file.file_name().is_none() {
        let what = format!("--html: {} is a folder", file.display());
        return Err(Failure::usage(what, "give the name of a file, such as report.html"));
    }
    Ok(())
}

/// Writes the file whole or not at all: who opens it never sees half of it.
fn replace(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    let failed = || format!("{} cannot be written", file.display());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".report-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any new file: what the umask leaves of it.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut written = builder.tempfile_in(folder(file)).with_context(failed)?;
    written.write_all(content).with_context(failed)?;
    written.as_file().sync_all().with_context(failed)?;
    written.persist(file).map(drop).with_context(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_replaced_whole_and_nothing_else_is_left() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("report.html");
        replace(&file, b"a long first page")?;
        replace(&file, b"second")?;
        assert_eq!(std::fs::read(&file)?, b"second");
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
        Ok(())
    }

    #[test]
    fn places_that_cannot_take_a_file_are_refused_with_a_remedy() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        for file in [folder.path().to_owned(), folder.path().join("none/report.html"), "..".into()] {
            let failure = check(&file).err().unwrap_or_else(|| panic!("{} is not refused", file.display()));
            assert!(failure.is_usage_error && !failure.remedy.is_empty());
        }
        assert!(check(Path::new("report.html")).is_ok());
        Ok(())
    }
}
