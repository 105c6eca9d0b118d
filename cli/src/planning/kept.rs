//! Plans that were printed, kept on this machine for `zonelink apply` to say what has moved.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use shared::plan::digest::Digest;

use super::report::Report;
use crate::failure::Failure;
use crate::terminal::note;

/// How many are kept.
const MOST: usize = 50;

/// Where plans are kept.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Kept {
    /// The folder in which plans are kept; zonelink/plans in the user's cache when left out
    #[arg(long, value_name = "DIR", env = "ZONELINK_PLANS")]
    plans: Option<PathBuf>,
}

impl Kept {
    /// Keeps a plan, and forgets the oldest. That it cannot is said, and no more: the digest alone is enough to
    /// apply the plan.
    pub(crate) fn keep(&self, report: &Report) {
        if let Err(error) = self.write(report) {
            note(&format!("the plan is not kept, so that apply cannot say what has moved: {error:#}"));
        }
    }

    fn write(&self, report: &Report) -> anyhow::Result<()> {
        let folder = self.folder().context("neither HOME nor XDG_CACHE_HOME is set; give --plans")?;
        fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let path = folder.join(format!("{}.json", report.digest));
        let text = serde_json::to_string(report)?;
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
        forget(&folder).with_context(|| format!("{} cannot be tidied", folder.display()))
    }

    /// The plan with this digest, if it is kept here and still readable.
    pub(crate) fn find(&self, digest: &Digest) -> Option<Report> {
        let text = fs::read_to_string(self.folder()?.join(format!("{digest}.json"))).ok()?;
        let report: Report = serde_json::from_str(&text).ok()?;
        (report.content().digest() == *digest).then_some(report)
    }

    fn folder(&self) -> Option<PathBuf> {
        let cache = || {
            let given = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
            given.or_else(|| env::home_dir().map(|home| home.join(".cache")))
        };
        self.plans.clone().or_else(|| cache().map(|cache| cache.join("zonelink").join("plans")))
    }
}

/// A plan in a file, as `zonelink plan --output json` has printed it.
///
/// # Errors
/// When it is no such file, or was edited.
pub(crate) fn read(path: &Path) -> anyhow::Result<Report> {
    let name = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("{name} cannot be read"))?;
    let remedy = "give the digest, or what zonelink plan --output json has printed";
    let report: Report = serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("{name} is no plan: {error}"), remedy))?;
    let digest = report.content().digest();
    if digest != report.digest {
        let what = format!("{name} was edited: it says {} and comes to {digest}", report.digest);
        return Err(Failure::new(what, remedy).into());
    }
    Ok(report)
}

fn forget(folder: &Path) -> std::io::Result<()> {
    let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // Whatever else stands there is not ours.
        let is_plan = |stem: &str| stem.parse::<Digest>().is_ok();
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        if is_json && path.file_stem().and_then(|stem| stem.to_str()).is_some_and(is_plan) {
            found.push((fs::metadata(&path)?.modified()?, path));
        }
    }
    found.sort();
    let surplus = found.len().saturating_sub(MOST);
    found.into_iter().take(surplus).try_for_each(|(_, path)| fs::remove_file(path))
}
