//! Burn's dashboard, in a pseudo-terminal.
#![cfg(all(feature = "tui", target_os = "linux"))]

use std::{
    io::{Read, Write},
    path::Path,
    process::{Command, Stdio},
};

use crate::support::{newest, scratch, summary};

/// What a terminal is told before a program has its whole screen, and when it gives it back.
const ENTER: &str = "\x1b[?1049h";
const LEAVE: &str = "\x1b[?1049l";

/// Trains in `folder` with the dashboard, in a terminal that `script` of util-linux makes, and
/// presses `keys` once it is drawn. The exit code, and all that the terminal was told.
fn trained(folder: &Path, epochs: u32, keys: &str) -> (Option<i32>, String) {
    let train = "exec \"$KILN\" train --tui --backend flex --limit 300 --out runs --epochs";
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command"])
        .arg(format!("stty rows 40 cols 140; {train} {epochs}"))
        .arg("/dev/null")
        .current_dir(folder)
        .env("KILN", env!("CARGO_BIN_EXE_kiln"))
        .env("SHELL", "/bin/sh")
        // The program would take cargo for its caller.
        .env_remove("CARGO_PKG_NAME")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("util-linux has `script`");
    // Open until the end: closed, the terminal would be as well.
    let mut keyboard = child.stdin.take().unwrap();
    let mut screen = child.stdout.take().unwrap();
    let mut told = Vec::new();
    let mut buffer = [0; 4096];
    let mut pressed = false;
    loop {
        let read = screen.read(&mut buffer).unwrap();
        if read == 0 {
            break;
        }
        told.extend_from_slice(&buffer[..read]);
        if !pressed && String::from_utf8_lossy(&told).contains("Learning rate") {
            keyboard.write_all(keys.as_bytes()).unwrap();
            pressed = true;
        }
    }
    let code = child.wait().unwrap().code();
    (code, String::from_utf8(told).unwrap())
}

#[test]
fn it_shows_the_run_and_gives_the_terminal_back() {
    let folder = scratch();
    let (code, told) = trained(folder.path(), 2, "");
    assert_eq!(code, Some(0), "{told}");
    let (before, rest) = told.split_once(ENTER).expect("the dashboard comes");
    assert_eq!(before, "");
    let (shown, after) = rest.split_once(LEAVE).expect("the dashboard goes");
    for words in ["Loss", "Accuracy", "Learning rate", "lenet5 on mnist-mini"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // What was held until the terminal was free.
    for words in ["\r\nepoch ", "\r\n    2 ", "\r\nbest epoch: ", "\r\ntest: "] {
        assert!(after.contains(words), "{words}: {after}");
        assert!(!shown.contains(words), "{words}: {shown}");
    }
}

/// `q` and then `s`, stop; and Ctrl-C, which the dashboard itself does not read.
#[test]
fn its_keys_stop_the_run() {
    for keys in ["qs", "\x03"] {
        let folder = scratch();
        let (code, told) = trained(folder.path(), 100_000, keys);
        assert_eq!(code, Some(130), "{keys:?}: {told}");
        let (_, after) = told.split_once(LEAVE).expect("the dashboard goes");
        assert!(after.contains("go on: kiln train --resume"), "{after}");
        let run = newest(&folder.path().join("runs"));
        assert_eq!(summary(&run)["status"], "interrupted");
    }
}
