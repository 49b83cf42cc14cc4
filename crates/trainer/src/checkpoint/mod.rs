//! Checkpoints: folders from which a run goes on to the same bits.
//!
//! `checkpoints/<updates>/` in a run folder holds the network's weights, the
//! state of the optimizer, averaged weights, the weights of the best epoch, where
//! the run is (`state.toml`), and `manifest.toml` with the SHA-256 of each file.
//! A folder is written beside its name, synced and renamed: it is whole or not
//! there. What has been damaged since is found by the digests.

mod manifest;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use manifest::{MANIFEST, Manifest};

use crate::{
    TrainError,
    event::Scores,
    fit::Progress,
    run_dir::Weights,
    whole_file::{PART, make_whole, write_synced, write_whole},
};

/// The folder of checkpoints in a run folder.
pub(crate) const FOLDER: &str = "checkpoints";
const STATE: &str = "state.toml";
/// What the name of a folder ends in that was found damaged.
const DAMAGED: &str = ".damaged";

/// The weights of the network that is trained.
pub(crate) const NETWORK: &str = "network.safetensors";
/// The state of the optimizer.
pub(crate) const OPTIMIZER: &str = "optimizer.safetensors";
/// The averaged weights, where there are any.
pub(crate) const AVERAGE: &str = "average.safetensors";

/// The checkpoints of a run.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoints {
    folder: PathBuf,
}

/// A checkpoint whose files are what was written.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    /// Its folder.
    pub path: PathBuf,
    /// Where the run was.
    pub progress: Progress,
}

impl Checkpoint {
    /// The bytes of one of its files, if it has it.
    pub fn read(&self, file: &str) -> Result<Option<Vec<u8>>, TrainError> {
        let path = self.path.join(file);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(TrainError::io("read", path)(e)),
        }
    }

    /// Puts the weights of the best epoch as they were then into the run folder:
    /// what is there may be of a later epoch, which is going to be done again.
    pub fn restore_best(&self, run: &Path) -> Result<(), TrainError> {
        let name = Weights::Best.file_name();
        let (kept, there) = (self.path.join(name), run.join(name));
        match fs::read(&kept) {
            Ok(bytes) if fs::read(&there).is_ok_and(|there| there == bytes) => Ok(()),
            Ok(bytes) => write_whole(&there, &bytes),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(TrainError::io("read", kept)(e)),
        }
    }
}

/// A checkpoint that is not what was written, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Damaged {
    pub path: PathBuf,
    pub problem: String,
}

impl Checkpoints {
    /// Those of the run in a folder.
    pub fn of_run(run: &Path) -> Self {
        Self {
            folder: run.join(FOLDER),
        }
    }

    /// Writes one: `files` by name, and a copy of the weights of the best epoch, if
    /// there is one. Gives its folder. `scores` are those of the epoch that ends here.
    pub fn write(
        &self,
        progress: &Progress,
        files: &[(&str, Vec<u8>)],
        best: Option<&Path>,
        scores: Option<Scores>,
    ) -> Result<PathBuf, TrainError> {
        let path = self.folder.join(format!("{:08}", progress.updates));
        let state = toml::to_string(progress).expect("the state is plain values");
        let write = || -> io::Result<()> {
            fs::create_dir_all(&self.folder)?;
            if path.exists() {
                // Written before, in the same place of the run, which was resumed
                // from an older one.
                fs::remove_dir_all(&path)?;
            }
            make_whole(&path, |folder| {
                let mut manifest = Manifest::new(scores);
                for (name, bytes) in files
                    .iter()
                    .map(|(name, bytes)| (*name, bytes.as_slice()))
                    .chain([(STATE, state.as_bytes())])
                {
                    write_synced(&folder.join(name), bytes)?;
                    manifest.add(name, bytes);
                }
                if let Some(best) = best {
                    // A copy: of a link, all would be damaged at once.
                    let (name, bytes) = (Weights::Best.file_name(), fs::read(best)?);
                    write_synced(&folder.join(name), &bytes)?;
                    manifest.add(name, &bytes);
                }
                write_synced(&folder.join(MANIFEST), manifest.to_toml().as_bytes())
            })
        };
        write().map_err(TrainError::io("write the checkpoint", &path))?;
        Ok(path)
    }

    /// The newest that is whole, and those newer ones that are not.
    pub fn newest(&self) -> Result<(Option<Checkpoint>, Vec<Damaged>), TrainError> {
        let mut damaged = Vec::new();
        for (_, path) in self.all()?.into_iter().rev() {
            match verify(&path) {
                Ok(progress) => return Ok((Some(Checkpoint { path, progress }), damaged)),
                Err(Fault::Damaged(problem)) => damaged.push(Damaged { path, problem }),
                Err(Fault::Unusable(problem)) => {
                    return Err(TrainError::Checkpoint { path, problem });
                }
            }
        }
        Ok((None, damaged))
    }

    /// Removes what processes left that were killed while they wrote.
    pub fn sweep(&self) -> Result<(), TrainError> {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return Ok(());
        };
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            if entry.file_name().to_string_lossy().ends_with(PART) {
                fs::remove_dir_all(&path).map_err(TrainError::io("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Puts a damaged one out of the way, and leaves it for whom it may concern.
    pub fn put_aside(&self, damaged: &Damaged) -> Result<(), TrainError> {
        let mut aside = damaged.path.clone().into_os_string();
        aside.push(DAMAGED);
        let aside = PathBuf::from(aside);
        let moved = match aside.exists() {
            true => fs::remove_dir_all(&aside),
            false => Ok(()),
        };
        moved
            .and_then(|()| fs::rename(&damaged.path, &aside))
            .map_err(TrainError::io("put aside", &damaged.path))
    }

    /// Removes all but the newest `last` and the `best` with the best scores.
    pub fn prune(&self, last: usize, best: usize) -> Result<(), TrainError> {
        let mut old = self.all()?;
        old.truncate(old.len().saturating_sub(last));
        let mut scored: Vec<(Scores, u64)> = Vec::new();
        for (updates, path) in &old {
            if let Some(scores) = Manifest::read(path).ok().and_then(|found| found.scores) {
                scored.push((scores, *updates));
            }
        }
        // Of equals, the earlier is the better one, as for the best epoch.
        scored.sort_by(
            |(a, _), (b, _)| match (a.better_than(b), b.better_than(a)) {
                (true, _) => std::cmp::Ordering::Less,
                (_, true) => std::cmp::Ordering::Greater,
                _ => std::cmp::Ordering::Equal,
            },
        );
        let kept = &scored[..best.min(scored.len())];
        for (updates, path) in old {
            if kept.iter().all(|(_, kept)| *kept != updates) {
                fs::remove_dir_all(&path).map_err(TrainError::io("remove", &path))?;
            }
        }
        Ok(())
    }

    /// All that have the name of one, oldest first.
    fn all(&self) -> Result<Vec<(u64, PathBuf)>, TrainError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(TrainError::io("read", &self.folder)(e)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(TrainError::io("read", &self.folder))?;
            let name = entry.file_name();
            if let Some(updates) = name.to_str().and_then(|name| name.parse().ok()) {
                found.push((updates, entry.path()));
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Why there is nothing to go on from in a checkpoint.
pub(super) enum Fault {
    /// It is not what was written: an older one will do.
    Damaged(String),
    /// It may well be whole, and cannot be read here: of a newer Kiln, or not permitted.
    Unusable(String),
}

impl Fault {
    /// A file that is not there is damage; one that is not to be read is not.
    pub fn of_file(file: &str, error: &io::Error) -> Self {
        let problem = format!("{file}: {error}");
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::InvalidData => Self::Damaged(problem),
            _ => Self::Unusable(problem),
        }
    }
}

/// Reads where a run was, if all files of the checkpoint are what was written;
/// otherwise what is wrong.
fn verify(path: &Path) -> Result<Progress, Fault> {
    Manifest::read(path)?.verify(path)?;
    let text = fs::read_to_string(path.join(STATE)).map_err(|e| Fault::of_file(STATE, &e))?;
    toml::from_str(&text).map_err(|e| Fault::Unusable(format!("{STATE}: {}", e.message())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(updates: u64) -> Progress {
        Progress {
            updates,
            ..Progress::default()
        }
    }

    fn scores(accuracy: f64) -> Option<Scores> {
        let loss = 1.0;
        Some(Scores { loss, accuracy })
    }

    fn names(run: &Path) -> Vec<String> {
        let folder = fs::read_dir(run.join(FOLDER)).unwrap();
        let mut names: Vec<_> = folder
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// A run with checkpoints after the updates 1, 2 and 3.
    fn three() -> (tempfile::TempDir, Checkpoints) {
        let run = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::of_run(run.path());
        let best = run.path().join("best.safetensors");
        fs::write(&best, "best").unwrap();
        for updates in 1..=3 {
            let files = [(NETWORK, vec![updates as u8; 1000])];
            checkpoints
                .write(&progress(updates), &files, Some(&best), None)
                .unwrap();
        }
        (run, checkpoints)
    }

    #[test]
    fn the_newest_comes_back() {
        let (_run, checkpoints) = three();
        let (found, damaged) = checkpoints.newest().unwrap();
        let found = found.unwrap();
        assert_eq!((found.progress.updates, damaged.len()), (3, 0));
        assert_eq!(found.read(NETWORK).unwrap().unwrap(), [3; 1000]);
        assert_eq!(found.read(AVERAGE).unwrap(), None);
    }

    type Harm = fn(&Path);

    #[test]
    fn any_damage_is_found_and_passed_over() {
        for file in [NETWORK, STATE, MANIFEST, "best.safetensors"] {
            let harms: [(&str, Harm); 3] = [
                ("gone", |file| fs::remove_file(file).unwrap()),
                ("cut short", |file| {
                    let bytes = fs::read(file).unwrap();
                    fs::remove_file(file).unwrap();
                    fs::write(file, &bytes[..bytes.len() - 1]).unwrap();
                }),
                ("a bit", |file| {
                    let mut bytes = fs::read(file).unwrap();
                    fs::remove_file(file).unwrap();
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 4;
                    fs::write(file, bytes).unwrap();
                }),
            ];
            for (name, harm) in harms {
                let (run, checkpoints) = three();
                harm(&run.path().join(FOLDER).join("00000003").join(file));
                let (found, damaged) = checkpoints.newest().unwrap();
                if (file, name) == (MANIFEST, "cut short") {
                    // Its last byte is but the end of a line.
                    continue;
                }
                assert_eq!(found.unwrap().progress.updates, 2, "{file} {name}");
                assert_eq!(damaged.len(), 1, "{file} {name}");
                assert!(!damaged[0].problem.is_empty());
                checkpoints.put_aside(&damaged[0]).unwrap();
                assert_eq!(
                    names(run.path()),
                    ["00000001", "00000002", "00000003.damaged"]
                );
            }
        }
    }

    #[test]
    fn the_newest_and_the_best_are_kept() {
        let run = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::of_run(run.path());
        for (updates, accuracy) in [(1, 0.5), (2, 0.9), (3, 0.9), (4, 0.7), (5, 0.1)] {
            checkpoints
                .write(&progress(updates), &[], None, scores(accuracy))
                .unwrap();
        }
        checkpoints.prune(1, 2).unwrap();
        assert_eq!(names(run.path()), ["00000002", "00000003", "00000005"]);
        checkpoints.prune(1, 1).unwrap();
        assert_eq!(names(run.path()), ["00000002", "00000005"]);
        checkpoints.prune(2, 0).unwrap();
        assert_eq!(names(run.path()), ["00000002", "00000005"]);
        checkpoints.prune(1, 0).unwrap();
        assert_eq!(names(run.path()), ["00000005"]);
    }

    #[test]
    fn what_fails_leaves_the_others_whole() {
        let (run, checkpoints) = three();
        let missing = run.path().join("nothing.safetensors");
        let error = checkpoints.write(&progress(4), &[], Some(&missing), None);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("00000004"), "{error}");
        assert_eq!(names(run.path()), ["00000001", "00000002", "00000003"]);
        // What a process left that was killed while it wrote.
        fs::create_dir(run.path().join(FOLDER).join("00000004.part")).unwrap();
        let (found, damaged) = checkpoints.newest().unwrap();
        assert_eq!((found.unwrap().progress.updates, damaged.len()), (3, 0));
        checkpoints.write(&progress(4), &[], None, None).unwrap();
        assert_eq!(checkpoints.newest().unwrap().0.unwrap().progress.updates, 4);
    }

    #[test]
    fn the_best_weights_of_then_come_back() {
        let (run, checkpoints) = three();
        let best = run.path().join("best.safetensors");
        fs::remove_file(&best).unwrap();
        fs::write(&best, "of a later epoch").unwrap();
        let found = checkpoints.newest().unwrap().0.unwrap();
        found.restore_best(run.path()).unwrap();
        assert_eq!(fs::read_to_string(&best).unwrap(), "best");
    }
}
