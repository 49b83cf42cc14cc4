//! The page as a browser shows it.

use std::fs;

use serde_json::{Value, json};

use super::{SECTIONS, page, run};
use crate::{
    browser::{ESCAPE, browser},
    support::scratch,
};

/// In a real browser: every section, no error on the console, the fields of the heat map,
/// the keyboard, and a phone's width.
#[test]
fn a_browser_shows_it() {
    let Some(browser) = browser(1280) else {
        return;
    };
    let out = scratch();
    let run = run(out.path());
    browser.open(&run.join("report.html"));
    for section in SECTIONS {
        let shown = format!("return document.getElementById('{section}').offsetHeight > 40");
        assert_eq!(browser.run(&shown), true, "{section}");
    }
    let whole = "return [...document.images].every(i => i.complete && i.naturalWidth > 0)";
    assert_eq!(browser.run(whole), true, "every image can be read");
    let ids = "const ids = [...document.querySelectorAll('[id]')].map(e => e.id); \
               return ids.length === new Set(ids).size";
    assert_eq!(browser.run(ids), true, "every name is given once");

    // A click opens the images of a field, and Escape closes them.
    let is_open = "return document.getElementById('images').open";
    assert_eq!(browser.run(is_open), false);
    browser.click(".matrix td.wrong a");
    assert_eq!(browser.run(is_open), true);
    let heading = "return document.querySelector('#images h4').textContent";
    let label = "return document.querySelector('.matrix td.wrong a').getAttribute('aria-label')";
    assert_eq!(browser.run(heading), browser.run(label));
    let images = "return document.querySelectorAll('#images img').length > 0";
    assert_eq!(browser.run(images), true);
    browser.press(ESCAPE);
    assert_eq!(browser.run(is_open), false);
    let focus = "return document.activeElement.closest('.matrix') !== null";
    assert_eq!(browser.run(focus), true, "the focus is back");

    // The arrow keys go from field to field, and Enter opens one.
    let before = browser.run("return document.activeElement.hash");
    browser.press("\u{E015}");
    assert_ne!(browser.run("return document.activeElement.hash"), before);
    browser.press("\u{E007}");
    assert_eq!(browser.run(is_open), true);
    browser.press(ESCAPE);

    // The values of an epoch, by the keyboard: from the last one on.
    browser.run("document.querySelector('.chart svg').focus()");
    browser.press("\u{E012}");
    let tip = browser.run("return document.querySelector('.tip').innerText");
    let tip = tip.as_str().unwrap();
    assert!(
        tip.starts_with("epoch 2") && tip.contains("train") && tip.contains("valid"),
        "{tip}"
    );

    assert_eq!(browser.console(), [] as [Value; 0]);
    let asked = "return performance.getEntriesByType('resource')\
                 .filter(r => !r.name.startsWith('data:')).length";
    assert_eq!(browser.run(asked), 0);
}

#[test]
fn a_phone_shows_it_without_scrolling_sideways() {
    let Some(browser) = browser(1280) else {
        return;
    };
    let out = scratch();
    let run = run(out.path());
    let both = out.path().join("both.html");
    fs::write(&both, page(&[&run, &run], &[])).unwrap();
    browser.resize(360, 800);
    for file in [run.join("report.html"), both] {
        browser.open(&file);
        let width = "const e = document.documentElement; return [e.clientWidth, e.scrollWidth]";
        assert_eq!(browser.run(width), json!([360, 360]), "{}", file.display());
    }
}
