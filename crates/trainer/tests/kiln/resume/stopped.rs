//! However a run is stopped, it goes on to the same bits, and nothing that is whole is lost.

use std::{
    fs,
    path::PathBuf,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{EVERYTHING, assert_same, is_writing, outcome, resume, spawn, start};
use crate::support::{QUICK, kiln, newest, scratch, send, stderr, stdout, summary, train};

#[test]
fn killed_at_any_moment_it_ends_with_the_same_bits() {
    let scratch = scratch();
    let config = scratch.path().join("everything.toml");
    fs::write(&config, EVERYTHING).unwrap();
    let begun = Instant::now();
    let undisturbed = train(
        &scratch.path().join("undisturbed"),
        &["--config", config.to_str().unwrap()],
    );
    let whole = begun.elapsed();
    let expected = outcome(&undisturbed);

    let (mut kills, mut while_writing, mut round) = (0, 0, 0u64);
    while kills < 40 || while_writing < 5 {
        assert!(round < 400, "{kills} kills, {while_writing} while writing");
        let out = scratch.path().join(format!("killed-{round}"));
        let mut command = start(&config, &out);
        let mut run: Option<PathBuf> = None;
        loop {
            round += 1;
            let mut child = spawn(command);
            let started = Instant::now();
            // Up to a third of the time that all of it takes, by a fixed sequence.
            let share = (round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / 2f64.powi(24);
            let deadline = whole.mul_f64(0.3 * share);
            let wait_for_write = round.is_multiple_of(2);
            let ended = loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break Some(status);
                }
                let writes = wait_for_write && run.as_deref().is_some_and(is_writing);
                if started.elapsed() >= deadline && (writes || !wait_for_write) {
                    while_writing += usize::from(writes);
                    break None;
                }
                sleep(Duration::from_micros(200));
            };
            let output = match ended {
                Some(_) => child.wait_with_output().unwrap(),
                None => {
                    child.kill().unwrap();
                    kills += 1;
                    child.wait_with_output().unwrap()
                }
            };
            if let Some(status) = ended {
                let message = stderr(&output);
                assert!(status.success(), "round {round}: {message}");
                break;
            }
            let made = fs::read_dir(&out).is_ok_and(|mut entries| entries.next().is_some());
            run = made
                .then(|| newest(&out))
                .filter(|run| run.join("config.toml").is_file());
            command = match &run {
                Some(run) => resume(run),
                // Killed before there was a run.
                None => start(&config, &out),
            };
        }
        assert_same(&newest(&out), &expected);
    }
}

#[test]
fn signals_end_it_with_their_code_and_a_checkpoint() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let out = scratch();
        let mut command = kiln();
        command
            .args(["train", "--backend", "flex", "--quiet", "--epochs", "200"])
            .arg("--out")
            .arg(out.path());
        let mut child = spawn(command);
        let begun = Instant::now();
        // Within its first epoch, or a little later.
        while fs::read_dir(out.path()).unwrap().count() == 0
            || !newest(out.path()).join("config.toml").is_file()
        {
            assert!(begun.elapsed() < Duration::from_secs(60));
            sleep(Duration::from_millis(10));
        }
        sleep(Duration::from_millis(300));
        assert!(child.try_wait().unwrap().is_none());
        send(signal, &child);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        let run = newest(out.path());
        let found = summary(&run);
        assert_eq!(found["status"], "interrupted");
        assert_eq!(found["ended_by"], "interruption");
        assert!(found["test"].is_null());
        assert!(run.join("last.safetensors").is_file());
        let checkpoints = fs::read_dir(run.join("checkpoints")).unwrap().count();
        assert!(checkpoints > 0);
    }
}

#[test]
fn it_says_where_it_goes_on() {
    let out = scratch();
    let run = train(out.path(), &QUICK);
    let digests = summary(&run)["sha256"].clone();
    assert_eq!(digests["last"].as_str().unwrap().len(), 64);
    let output = kiln()
        .args(["train", "--json", "--epochs", "3", "--resume"])
        .arg(&run)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let events: Vec<Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let started = events.iter().find(|e| e["event"] == "fit_started").unwrap();
    let resumed = &started["resumed"];
    assert_eq!(resumed["epochs"], 2);
    assert_eq!(resumed["sha256"], digests);
    assert!(
        resumed["checkpoint"]
            .as_str()
            .unwrap()
            .contains("checkpoints")
    );
    let epochs = events.iter().filter(|e| e["event"] == "epoch_done");
    assert_eq!(epochs.count(), 1);
    let found = summary(&run);
    assert_eq!(found["epochs"], 3);
    assert_ne!(found["sha256"], digests);
    let history = fs::read_to_string(run.join("history.csv")).unwrap();
    assert_eq!(history.lines().count(), 4);
}

#[test]
fn a_damaged_checkpoint_is_passed_over_with_a_warning() {
    let out = scratch();
    let words = ["--limit", "300", "--epochs", "3"];
    let run = train(out.path(), &words);
    let expected = outcome(&run);
    let mut all: Vec<_> = fs::read_dir(run.join("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    all.sort();
    let weights = all.last().unwrap().join("network.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&weights, bytes).unwrap();

    let output = resume(&run).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stderr(&output);
    assert!(
        text.contains("warning: ") && text.contains("network.safetensors is not what was written"),
        "{text}"
    );
    assert_same(&run, &expected);

    // None that is whole is an error, and begins nothing anew.
    for entry in fs::read_dir(run.join("checkpoints")).unwrap() {
        let _ = fs::remove_file(entry.unwrap().path().join("state.toml"));
    }
    let output = resume(&run).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("no checkpoint"),
        "{}",
        stderr(&output)
    );
    assert_same(&run, &expected);
}

#[test]
fn a_second_process_is_refused() {
    let out = scratch();
    let run = train(out.path(), &QUICK);
    let mut first = spawn({
        let mut command = resume(&run);
        command.args(["--epochs", "2000"]);
        command
    });
    // It writes its configuration as soon as it has the folder.
    let begun = Instant::now();
    let config = || fs::read_to_string(run.join("config.toml")).unwrap();
    while !config().contains("epochs = 2000") {
        assert!(begun.elapsed() < Duration::from_secs(60));
        sleep(Duration::from_millis(10));
    }
    let second = resume(&run).output().unwrap();
    let text = stderr(&second);
    assert_eq!(second.status.code(), Some(1), "{text}");
    assert!(text.contains("another process trains in"), "{text}");
    first.kill().unwrap();
    first.wait().unwrap();
    // Its death gives the folder free. It may have come far by then.
    let rows = fs::read_to_string(run.join("history.csv")).unwrap();
    let epochs = (rows.lines().count() + 1).to_string();
    let output = resume(&run).args(["--epochs", &epochs]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn a_full_disk_leaves_the_earlier_checkpoints_whole() {
    let out = scratch();
    // Its state is twice as large as the weights.
    let adam = ["--optimizer", "adam"];
    let run = train(out.path(), &[&QUICK[..], &adam].concat());
    let before: Vec<_> = fs::read_dir(run.join("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    // Files of more than 300 KiB cannot be written, as on a full disk.
    let script = r#"trap "" XFSZ; ulimit -f 600
        exec "$0" train --quiet --epochs 4 --set checkpoint.every_updates=1 --resume "$1""#;
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_kiln")])
        .arg(&run)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(
        text.contains("error: cannot write the checkpoint"),
        "{text}"
    );
    let after: Vec<_> = fs::read_dir(run.join("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    for name in &before {
        assert!(after.contains(name), "{before:?} {after:?}");
    }
    let whole = train(&out.path().join("other"), &[&QUICK[..], &adam].concat());
    let other = resume(&whole).args(["--epochs", "4"]).output().unwrap();
    assert!(other.status.success());
    let again = ["--epochs", "4", "--set", "checkpoint.every_updates=5"];
    let output = resume(&run).args(again).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_same(&run, &outcome(&whole));
}

#[test]
fn damaged_best_weights_do_not_spoil_the_checkpoints() {
    let out = scratch();
    let run = train(out.path(), &QUICK);
    let expected = outcome(&run);
    fs::write(run.join("best.safetensors"), "nonsense").unwrap();
    let output = resume(&run).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
    assert_same(&run, &expected);
}

#[test]
fn a_checkpoint_of_a_newer_kiln_is_left_alone() {
    let out = scratch();
    let run = train(out.path(), &QUICK);
    let before = fs::read(run.join("last.safetensors")).unwrap();
    let manifest = run
        .join("checkpoints")
        .join("00000010")
        .join("manifest.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("format = 1", "format = 2")).unwrap();
    let output = resume(&run).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(text.contains("written by a newer kiln"), "{text}");
    assert!(manifest.is_file());
    assert!(before == fs::read(run.join("last.safetensors")).unwrap());
}

#[test]
fn a_run_that_ended_is_not_begun_anew_for_want_of_checkpoints() {
    let out = scratch();
    let run = train(out.path(), &QUICK);
    let before = outcome(&run);
    fs::remove_dir_all(run.join("checkpoints")).unwrap();
    let output = resume(&run).args(["--epochs", "3"]).output().unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("its checkpoints are gone"), "{text}");
    assert_same(&run, &before);

    // One that did not end has nothing to go by, and says what is lost.
    fs::remove_file(run.join("summary.json")).unwrap();
    let output = resume(&run).output().unwrap();
    let text = stderr(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("what its 2 epochs left is removed"), "{text}");
    assert_same(&run, &before);
}
