//! `kiln saliency`: pictures of what counts for a class.

use std::fs;

use crate::support::{QUICK, kiln, kiln_with, scratch, stderr, stdout, train};

#[test]
fn the_class_and_the_method_can_be_chosen() {
    let out = scratch();
    let run = train(out.path(), &QUICK);
    let saliency = |words: &[&str]| {
        let mut command = kiln();
        command
            .arg("saliency")
            .arg(&run)
            .args(["--test-image", "3"])
            .args(words);
        let output = command.current_dir(out.path()).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", stderr(&output));
        let picture = fs::read(out.path().join("saliency.png")).unwrap();
        (stdout(&output), picture)
    };
    let (text, both) = saliency(&[]);
    assert!(text.contains(" %, which the network tells\n"), "{text}");
    assert!(
        text.contains("Grad-CAM of layer relu2: 16×10×10, brought to 28×28\ninput gradient: "),
        "{text}"
    );
    assert_eq!(
        both,
        saliency(&["--method", "both"]).1,
        "the same picture again"
    );
    let (text, cam) = saliency(&["--method", "grad-cam", "--layer", "conv1"]);
    assert!(
        text.contains("layer conv1: 6×28×28") && !text.contains("gradient:"),
        "{text}"
    );
    let (text, gradient) = saliency(&["--method", "gradient"]);
    assert!(!text.contains("Grad-CAM"), "{text}");
    assert!(cam != gradient && both.len() > gradient.len());
    // Of ten classes, the network tells one.
    let told: Vec<bool> = (0..10)
        .map(|class| {
            let (text, _) = saliency(&["--class", &class.to_string()]);
            assert!(text.contains(&format!("\nclass {class}: ")), "{text}");
            text.contains("which the network tells")
        })
        .collect();
    assert_eq!(told.iter().filter(|told| **told).count(), 1);
}

#[test]
fn what_cannot_be_is_said_and_nothing_is_written() {
    let out = scratch();
    let run = train(out.path(), &QUICK);
    let mlp = train(out.path(), &[&QUICK[..], &["--model", "mlp"]].concat());
    let [run, mlp] = [run, mlp].map(|path| path.to_str().unwrap().to_owned());
    let picture = out.path().join("never.png");
    let never = picture.to_str().unwrap();
    let cases: [(&str, &[&str], &str); 8] = [
        (&run, &["--class", "10"], "there is no class `10`"),
        (
            &run,
            &["--layer", "fc2"],
            "gives a row of 84 features and no maps",
        ),
        (&run, &["--layer", "conv9"], "did you mean `conv"),
        (
            &run,
            &["--layer", "conv9", "--method", "gradient"],
            "did you mean `conv",
        ),
        (
            &mlp,
            &["--layer", "conv1", "--method", "gradient"],
            "no layer `conv1`",
        ),
        (&run, &["--method", "cam"], "grad-cam"),
        (&mlp, &[], "and so no Grad-CAM: take the method `gradient`"),
        ("nowhere", &[], "nowhere is not a run folder"),
    ];
    for (run, words, says) in cases {
        let common = ["saliency", run, "--test-image", "1", "--out", never];
        let output = kiln_with(&[&common[..], words].concat());
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {text}");
        assert!(text.contains(says), "{words:?}: {text}");
        assert!(!picture.exists(), "{words:?}");
    }
    let common = ["saliency", &mlp, "--test-image", "1", "--out", never];
    let output = kiln_with(&[&common[..], &["--method", "gradient"]].concat());
    assert!(
        output.status.success() && picture.exists(),
        "{}",
        stderr(&output)
    );
}
