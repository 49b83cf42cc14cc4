//! Figures against scikit-learn's: tests/golden/metrics.py made the numbers.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    classes: usize,
    logits: Vec<f32>,
    labels: Vec<usize>,
    accuracy: f64,
    top_5: Option<f64>,
    macro_f1: f64,
    calibration_error: f64,
    precision: Vec<f64>,
    recall: Vec<f64>,
    f1: Vec<f64>,
    support: Vec<usize>,
    confusion: Vec<Vec<usize>>,
}

fn close(found: f64, expected: f64, what: &str) {
    assert!(
        (found - expected).abs() < 1e-6,
        "{what}: {found} {expected}"
    );
}

#[test]
fn figures_are_scikit_learns() {
    let text = include_str!("../../tests/golden/metrics.json");
    let golden: Golden = serde_json::from_str(text).unwrap();
    for case in &golden.cases {
        // In batches, of which the last is short.
        let mut counts = Counts::new(case.classes);
        let logits = case.logits.chunks(32 * case.classes);
        for (logits, labels) in logits.zip(case.labels.chunks(32)) {
            counts.add(logits, labels, 1.0);
        }
        let found = counts.evaluation(Tta::None).0;
        let name = &case.name;
        assert_eq!(found.images, case.labels.len());
        close(found.accuracy, case.accuracy, name);
        assert_eq!(found.top_k.map(|top| top.k), case.top_5.map(|_| 5));
        if let (Some(top), Some(expected)) = (found.top_k, case.top_5) {
            close(top.accuracy, expected, name);
        }
        close(found.macro_f1, case.macro_f1, name);
        close(found.calibration_error, case.calibration_error, name);
        assert_eq!(found.confusion, case.confusion, "{name}");
        assert_eq!(found.classes.len(), case.classes);
        for (class, scores) in found.classes.iter().enumerate() {
            let what = format!("{name}, class {class}");
            close(scores.precision, case.precision[class], &what);
            close(scores.recall, case.recall[class], &what);
            close(scores.f1, case.f1[class], &what);
            assert_eq!(scores.support, case.support[class], "{what}");
        }
    }
}

#[test]
fn a_short_batch_counts_by_its_images() {
    let mut counts = Counts::new(2);
    counts.add(&[1.0, 0.0, 1.0, 0.0, 1.0, 0.0], &[0, 0, 0], 1.0);
    counts.add(&[1.0, 0.0], &[1], 5.0);
    let found = counts.evaluation(Tta::None).0;
    assert_eq!((found.loss, found.accuracy), (2.0, 0.75));
}

#[test]
fn of_equal_logits_the_first_is_taken() {
    let mut counts = Counts::new(7);
    counts.add(&[0.0; 14], &[0, 5], 1.0);
    let found = counts.evaluation(Tta::None).0;
    assert_eq!(found.accuracy, 0.5);
    assert_eq!(found.top_k.unwrap().accuracy, 0.5);
}

#[test]
fn logits_that_are_no_numbers_are_borne() {
    let mut counts = Counts::new(2);
    counts.add(&[f32::NAN, f32::NAN], &[1], f64::NAN);
    let found = counts.evaluation(Tta::None).0;
    assert!(found.loss.is_nan() && found.calibration_error.is_nan());
}

#[test]
fn comes_back_from_json() {
    let mut counts = Counts::new(6);
    counts.add(&[0.5, 0.25, 0.0, 0.0, 0.0, 0.0], &[1], 0.75);
    let found = counts.evaluation(Tta::FlipShift).0;
    let text = serde_json::to_string(&found).unwrap();
    let back: Evaluation = serde_json::from_str(&text).unwrap();
    // Whole numbers to the last bit; others to that of the reader of JSON.
    assert_eq!(back.confusion, found.confusion);
    assert_eq!((back.images, back.tta), (1, Tta::FlipShift));
    close(back.calibration_error, found.calibration_error, &text);
}
