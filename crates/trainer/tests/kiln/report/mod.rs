//! The page that a run leaves, and `kiln report`.

mod shown;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    browser::browser,
    support::{QUICK, kiln, kiln_with, newest, scratch, stderr, stdout, summary, train},
};

const SECTIONS: [&str; 12] = [
    "summary",
    "curves",
    "classes",
    "confusion",
    "mistakes",
    "predictions",
    "layers",
    "network",
    "speed",
    "settings",
    "environment",
    "commands",
];

/// A quick run that writes its page.
fn run(out: &Path) -> PathBuf {
    train(out, &QUICK)
}

/// The page on runs, made anew, in a file of its own.
fn page(runs: &[&Path], words: &[&str]) -> String {
    let out = scratch();
    let file = out.path().join("page.html");
    let mut command = kiln();
    command.arg("report").args(runs).args(words);
    let output = command.arg("--out").arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    fs::read_to_string(file).unwrap()
}

fn change(file: &Path, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    change(&mut value);
    fs::write(file, value.to_string()).unwrap();
}

#[test]
fn a_run_ends_with_a_page_of_its_own() {
    let out = scratch();
    let output = kiln()
        .args(["train", "--backend", "flex", "--out"])
        .arg(out.path())
        .args(QUICK)
        .output()
        .unwrap();
    let run = newest(out.path());
    let told = format!("report: {}", run.join("report.html").display());
    assert!(stdout(&output).lines().any(|line| line == told));
    let html = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(html.len() < 2_000_000, "{} bytes", html.len());
    for section in SECTIONS {
        assert!(
            html.contains(&format!("<section id=\"{section}\"")),
            "{section}"
        );
    }
    assert!(!html.contains("class=\"missing\""), "all of it is there");
    // Nothing is asked of a network: the one address is the name of SVG.
    let asked = html.replace("http://www.w3.org/2000/svg", "");
    for word in ["http://", "https://", "@import", "<script src", "<iframe"] {
        assert!(!asked.contains(word), "{word}");
    }
    let summary = summary(&run);
    let accuracy = 100.0 * summary["test"]["accuracy"].as_f64().unwrap();
    assert!(html.contains(&format!("<p class=\"value\">{accuracy:.2} %</p>")));
    assert!(summary["machine"]["cores"].as_u64().unwrap() > 0);

    // The same again, from the files of the folder.
    fs::remove_file(run.join("report.html")).unwrap();
    let output = kiln().arg("report").arg(&run).output().unwrap();
    assert_eq!(stdout(&output), format!("{told}\n"), "{}", stderr(&output));
    assert!(fs::read_to_string(run.join("report.html")).unwrap() == html);
}

#[test]
fn a_page_that_is_not_wanted_is_not_written() {
    let out = scratch();
    let run = train(out.path(), &[&QUICK[..], &["--no-report"]].concat());
    assert!(!run.join("report.html").exists());
    assert!(
        fs::read_to_string(run.join("config.toml"))
            .unwrap()
            .contains("report = false")
    );
}

#[test]
fn a_page_that_cannot_be_written_is_an_error() {
    let out = scratch();
    let run = run(out.path());
    // Where the page would be, there is a folder.
    fs::remove_file(run.join("report.html")).unwrap();
    fs::create_dir_all(run.join("report.html/in the way")).unwrap();
    let output = kiln().arg("report").arg(&run).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).starts_with("error: cannot write "),
        "{}",
        stderr(&output)
    );
}

#[test]
fn the_images_of_a_field_are_those_of_the_predictions() {
    let out = scratch();
    let run = run(out.path());
    let rows = fs::read_to_string(run.join("predictions.csv")).unwrap();
    let rows: Vec<Vec<&str>> = rows
        .lines()
        .skip(1)
        .map(|row| row.split(',').collect())
        .collect();
    assert_eq!(rows.len(), 1000);
    let evaluation = fs::read_to_string(run.join("evaluation.json")).unwrap();
    let evaluation: Value = serde_json::from_str(&evaluation).unwrap();
    let html = fs::read_to_string(run.join("report.html")).unwrap();
    for class in 0..10 {
        for taken in 0..10 {
            let mut of_field: Vec<&Vec<&str>> = rows
                .iter()
                .filter(|row| row[1] == class.to_string() && row[2] == taken.to_string())
                .collect();
            assert_eq!(evaluation["confusion"][class][taken], of_field.len());
            if class == taken || of_field.is_empty() {
                continue;
            }
            // The most confident first.
            of_field.sort_by(|a, b| {
                b[3].parse::<f64>()
                    .unwrap()
                    .total_cmp(&a[3].parse().unwrap())
            });
            let (_, field) = html
                .split_once(&format!("id=\"run1-{class}-{taken}\""))
                .unwrap();
            let (_, image) = field.split_once("alt=\"test image ").unwrap();
            let (image, _) = image.split_once(':').unwrap();
            let tied = of_field.iter().take_while(|row| row[3] == of_field[0][3]);
            assert!(
                tied.into_iter().any(|row| row[0] == image),
                "{class} for {taken}"
            );
        }
    }
}

/// What is between the quotes of an attack is text, wherever it comes from.
#[test]
fn names_are_text() {
    let out = scratch();
    let run = run(out.path());
    let attack = "</script><script>document.title='broken'</script><img src=x onerror=alert(1)>";
    change(&run.join("dataset.json"), |info| {
        info["classes"][3] = attack.into()
    });
    let log = fs::read_to_string(run.join("log.txt")).unwrap();
    let warning = format!("{log}2026-01-01T00:00:00.000+00:00 WARN  {attack}\n");
    fs::write(run.join("log.txt"), warning).unwrap();
    let renamed = run.with_file_name("<script>alert(2)<script> & \"co\"");
    fs::rename(&run, &renamed).unwrap();
    let file = out.path().join("page.html");
    fs::write(&file, page(&[&renamed], &[])).unwrap();
    let html = fs::read_to_string(&file).unwrap();
    assert_eq!(html.matches("<script>").count(), 1, "the page's own");
    assert!(html.contains("&lt;script&gt;alert(2)&lt;script&gt; &amp; &quot;co&quot;"));
    assert!(
        html.matches("&lt;script&gt;document.title").count() > 3 && !html.contains("<img src=x")
    );
    if let Some(browser) = browser(1280) {
        browser.open(&file);
        assert_eq!(
            browser.run("return document.title"),
            "lenet5 on mnist-mini · Kiln"
        );
        assert_eq!(browser.console(), [] as [Value; 0]);
    }
}

#[test]
fn what_is_missing_is_said_in_its_place() {
    let out = scratch();
    let run = run(out.path());
    let section = |html: &str, id: &str| {
        let (_, rest) = html.split_once(&format!("<section id=\"{id}\"")).unwrap();
        rest.split_once("</section>").unwrap().0.to_string()
    };
    // Each file gone, and what is said where.
    for (file, id, words) in [
        ("summary.json", "summary", "There is no summary.json"),
        ("summary.json", "environment", "There is no summary.json"),
        ("history.csv", "curves", "No epoch was finished"),
        ("evaluation.json", "classes", "There is no evaluation.json"),
        ("predictions.csv", "mistakes", "There is no predictions.csv"),
        ("dataset.json", "network", "There is no dataset.json"),
        ("best.safetensors", "layers", "There is no best.safetensors"),
    ] {
        let bytes = fs::read(run.join(file)).unwrap();
        fs::remove_file(run.join(file)).unwrap();
        let html = page(&[&run], &[]);
        let found = section(&html, id);
        assert!(found.contains(words), "{file}: {found}");
        // Cut in the middle, and of another kind.
        for broken in [&bytes[..bytes.len() / 2], b"\xff\xfe", b"[]"] {
            fs::write(run.join(file), broken).unwrap();
            let html = page(&[&run], &[]);
            assert!(section(&html, "settings").contains("optimizer"), "{file}");
        }
        fs::write(run.join(file), bytes).unwrap();
    }
    assert!(!page(&[&run], &[]).contains("class=\"missing\""));

    // Of a newer Kiln, in a form that this one does not know.
    let bytes = fs::read(run.join("summary.json")).unwrap();
    change(&run.join("summary.json"), |summary| {
        *summary = json!({"versions": {"kiln": "99.0.0"}, "all": "new"});
    });
    let html = page(&[&run], &[]);
    let found = section(&html, "summary");
    assert!(
        found.contains("Kiln 99.0.0") && found.contains("Validation accuracy"),
        "{found}"
    );
    fs::write(run.join("summary.json"), bytes).unwrap();

    // With images that are not there, or are others.
    let config = fs::read_to_string(run.join("config.toml")).unwrap();
    let other = |dataset: &str| {
        let other = config.replace(
            "dataset = \"mnist-mini\"",
            &format!("dataset = \"{dataset}\""),
        );
        fs::write(run.join("config.toml"), other).unwrap();
        let empty = scratch();
        page(&[&run], &["--data-dir", empty.path().to_str().unwrap()])
    };
    let html = other("fashion-mnist");
    let found = section(&html, "confusion");
    assert!(
        found.contains("The images are not at hand") && found.contains("<table"),
        "{found}"
    );
    assert!(section(&html, "layers").contains("Filters of"));
    let html = other("folder:nowhere");
    assert!(section(&html, "mistakes").contains("The images are not at hand"));
    fs::write(run.join("config.toml"), &config).unwrap();
    let rows = fs::read_to_string(run.join("predictions.csv")).unwrap();
    let fewer: Vec<&str> = rows.lines().take(900).collect();
    fs::write(run.join("predictions.csv"), fewer.join("\n")).unwrap();
    // Without it, nobody knows that images are missing.
    fs::remove_file(run.join("evaluation.json")).unwrap();
    let found = section(&page(&[&run], &[]), "predictions");
    assert!(
        found.contains("is not the one that the run was scored on"),
        "{found}"
    );
}

/// Files that say nothing that can be: each is a sentence in its place, and no panic.
#[test]
fn files_that_do_not_fit_are_said() {
    let out = scratch();
    let run = run(out.path());
    let section = |id: &str| {
        let html = page(&[&run], &[]);
        let output = kiln_with(&[
            "runs",
            "compare",
            run.to_str().unwrap(),
            run.to_str().unwrap(),
        ]);
        assert!(output.status.success(), "{}", stderr(&output));
        let (_, rest) = html.split_once(&format!("<section id=\"{id}\"")).unwrap();
        rest.split_once("</section>").unwrap().0.to_string()
    };
    let restoring = |file: &str, change: &dyn Fn(&Path), id: &str, says: &str| {
        let bytes = fs::read(run.join(file)).unwrap();
        change(&run.join(file));
        let found = section(id);
        assert!(found.contains(says), "{file}, {id}: {found}");
        fs::write(run.join(file), bytes).unwrap();
    };
    let json = |at: &'static str, value: Value| {
        move |file: &Path| change(file, |all| *all.pointer_mut(at).unwrap() = value.clone())
    };
    let evaluation = "evaluation.json";
    let square = json("/confusion/3", json!([1, 2]));
    restoring(evaluation, &square, "confusion", "`confusion` is not 10×10");
    let classes = json("/classes", json!([]));
    restoring(evaluation, &classes, "classes", "`confusion` is not 0×0");
    for count in [7_777, u64::MAX] {
        let counts = json("/confusion/3/3", json!(count));
        let says = "evaluation.json: the counts of `confusion` are not, in sum, the 1000";
        restoring(evaluation, &counts, "confusion", says);
    }
    // As many images, and others; and more than the evaluation has.
    let wrong = "predictions.csv is not of the images that evaluation.json counts";
    let with = |row: fn(usize, &str) -> String| {
        move |file: &Path| {
            let rows = fs::read_to_string(file).unwrap();
            let rows = rows.lines().enumerate().map(|(at, line)| row(at, line));
            fs::write(file, rows.collect::<String>()).unwrap();
        }
    };
    let other = with(|at, line| match at {
        1..50 => {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{},{},{},{}\n", cells[0], cells[1], (at * 7) % 10, cells[3])
        }
        _ => format!("{line}\n"),
    });
    restoring("predictions.csv", &other, "mistakes", wrong);
    let more = with(|at, line| match at {
        1000 => format!("{line}\n1000,3,3,0.5\n"),
        _ => format!("{line}\n"),
    });
    restoring("predictions.csv", &more, "predictions", wrong);

    let late = |file: &Path| {
        let text = fs::read_to_string(file).unwrap();
        let (rest, last) = text.trim_end().rsplit_once('\n').unwrap();
        let (_, last) = last.split_once(',').unwrap();
        fs::write(file, format!("{rest}\n18446744073709551615,{last}\n")).unwrap();
    };
    let says = "line 3: epoch is `18446744073709551615`, and no whole number above 1";
    restoring("history.csv", &late, "curves", says);
    for side in ["/height", "/channels"] {
        let huge = json(side, json!(u64::MAX));
        restoring(
            "dataset.json",
            &huge,
            "network",
            "dataset.json: no image has ",
        );
    }
    let images = json("/train_images", json!(u64::MAX));
    restoring("summary.json", &images, "speed", "Training images a second");
}

/// The same bits come again where nobody and no clock had a hand in it.
#[test]
fn what_is_not_repeatable_is_not_called_that() {
    let out = scratch();
    let run = run(out.path());
    let bits = "Train again, to the same bits";
    assert!(page(&[&run], &[]).contains(bits));
    for (ended_by, status) in [("minutes", "done"), ("interruption", "interrupted")] {
        change(&run.join("summary.json"), |summary| {
            summary["ended_by"] = ended_by.into();
            summary["status"] = status.into();
        });
        let html = page(&[&run], &[]);
        assert!(
            !html.contains(bits) && html.contains("Train again"),
            "{ended_by}"
        );
    }
}

#[test]
fn a_page_on_many_runs_is_small() {
    let out = scratch();
    let run = run(out.path());
    let rows = fs::read_to_string(run.join("history.csv")).unwrap();
    let (header, row) = rows.split_once('\n').unwrap();
    let (_, row) = row.lines().next().unwrap().split_once(',').unwrap();
    let many = (1..=2000).map(|epoch| format!("{epoch},{row}\n"));
    let many = format!("{header}\n{}", many.collect::<String>());
    fs::write(run.join("history.csv"), many).unwrap();
    let html = page(&[run.as_path(); 30], &[]);
    assert!(html.len() < 2_000_000, "{} bytes", html.len());
    for words in [
        "Filters of <code>conv1</code>",
        "Maps of <code>",
        "class=\"matrix",
    ] {
        assert_eq!(html.matches(words).count() % 30, 0, "{words}");
        assert!(html.contains(words), "{words}");
    }
}

#[test]
fn several_runs_are_compared() {
    let out = scratch();
    let a = run(&out.path().join("a"));
    let b = train(
        &out.path().join("b"),
        &[
            "--limit", "300", "--epochs", "3", "--lr", "0.02", "--model", "mlp",
        ],
    );
    let html = page(&[&a, &b], &[]);
    assert!(html.contains("<h1 id=\"title\">2 runs</h1>") && html.len() < 2_000_000);
    let marked: Vec<&str> = html
        .split("<tr class=\"marked\"><th scope=\"row\">")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .collect();
    assert_eq!(marked, ["epochs", "model", "lr"]);
    assert!(html.contains("mlp has no convolution"));
    // The best of a row is marked.
    let accuracy = |run: &Path| summary(run)["test"]["accuracy"].as_f64().unwrap();
    let best = accuracy(&a).max(accuracy(&b));
    let row = html
        .split("<th scope=\"row\">Test accuracy</th>")
        .nth(1)
        .unwrap();
    let row = row.split("</tr>").next().unwrap();
    let best = format!("<td class=\"best\">{:.2} %", 100.0 * best);
    assert!(
        row.contains(&best) && row.matches("class=\"best\"").count() == 1,
        "{row}"
    );
}

#[test]
fn bad_usage_is_told() {
    let out = scratch();
    let output = kiln_with(&["report", "nowhere"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("nowhere is not a run folder"));
    assert_eq!(kiln_with(&["report"]).status.code(), Some(2));
    let folder = out.path().to_str().unwrap();
    let run = run(&out.path().join("runs"));
    let output = kiln()
        .arg("report")
        .arg(&run)
        .args(["--out", folder])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("is no file"),
        "{}",
        stderr(&output)
    );
}
