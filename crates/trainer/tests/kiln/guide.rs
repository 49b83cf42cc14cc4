//! The guide: its commands are the program's, its links lead somewhere, and every chapter is
//! compiled.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::support::{kiln_with, stderr};

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/src")
}

/// The pages, with their names.
fn pages() -> Vec<(String, String)> {
    let mut pages: Vec<(String, String)> = fs::read_dir(source())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    pages.sort();
    pages
}

/// The words of a line of a shell, without what is piped, redirected or a comment.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '\'' => quoted = !quoted,
            '#' | '|' | '>' if !quoted && words.last().is_some_and(String::is_empty) => break,
            ' ' if !quoted => words.push(String::new()),
            letter => words.last_mut().unwrap().push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The commands in blocks of a shell, in blocks with what they print, and in the text.
fn commands(page: &str) -> Vec<&str> {
    let mut commands = Vec::new();
    let mut block = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), block) {
            (Some(_), Some(_)) => block = None,
            (Some(language), None) => block = Some(language),
            (None, Some("sh")) => commands.push(line),
            (None, Some("text")) => commands.extend(line.strip_prefix("$ ")),
            (None, Some(_)) => {}
            (None, None) => commands.extend(line.split('`').skip(1).step_by(2)),
        }
    }
    commands.retain(|command| command.starts_with("kiln ") && !command.contains("NAME"));
    commands
}

#[test]
fn its_commands_are_those_of_the_program() {
    let mut count = 0;
    for (name, page) in pages() {
        for command in commands(&page) {
            let mut words = words(command);
            // Help is given if every word before it is right.
            words.push("--help".into());
            let words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
            let output = kiln_with(&words);
            let told = stderr(&output);
            assert!(output.status.success(), "{name}: {command}: {told}");
            count += 1;
        }
    }
    assert!(count > 60, "only {count} commands were found");
}

#[test]
fn its_links_lead_to_files() {
    for (name, page) in pages() {
        let links = page.split("](").skip(1).chain(page.split("src=\"").skip(1));
        for link in links {
            let end = link.find([')', '"']).unwrap();
            let file = link[..end].split('#').next().unwrap();
            if !file.is_empty() && !file.starts_with("https://") {
                assert!(source().join(file).is_file(), "{name}: {file} is not there");
            }
        }
    }
}

#[test]
fn every_page_is_in_the_contents_and_compiled() {
    let read = |path: PathBuf| fs::read_to_string(path).unwrap();
    let contents = read(source().join("SUMMARY.md"));
    let compiled = read(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide.rs"));
    let there: BTreeSet<String> = pages().into_iter().map(|(name, _)| name).collect();
    assert!(there.len() > 9, "{there:?}");
    for name in there.iter().filter(|name| *name != "SUMMARY.md") {
        assert!(contents.contains(&format!("]({name})")), "{name}");
        assert!(compiled.contains(&format!("\"{name}\"")), "{name}");
    }
}

#[test]
fn its_figures_are_small() {
    let sizes: Vec<(PathBuf, u64)> = fs::read_dir(source().join("figures"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.path(), entry.metadata().unwrap().len()))
        .collect();
    assert!(sizes.len() > 9);
    for (path, size) in &sizes {
        assert!(*size < 60_000, "{}: {size} bytes", path.display());
    }
    assert!(sizes.iter().map(|(_, size)| size).sum::<u64>() < 400_000);
}
