//! What a comparison prints of a network.

use crate::cli::columns::cut;

use trainer::{
    backend::Backend,
    compare::{Agreement, Apart, Compared, Found, JUDGED_STEPS, Outcome, Row},
};

/// Longer names of devices are cut.
const DEVICE: usize = 26;

/// What is common to all rows.
pub fn heading(of: &Compared, reference: Backend) -> String {
    let [channels, height, width] = of.image;
    let plural = if of.steps == 1 { "" } else { "s" };
    let dropout = match of.dropout_off {
        true => ", dropout off",
        false => "",
    };
    format!(
        "{} on {}: {} parameters, {} step{plural} of {} images {channels}×{height}×{width}, seed {}{dropout}; \
         reference {reference}\n\n\
         {:<8}  {:<DEVICE$}  {:>10}  {:>9}  {:>9}  {:>17}  {:>7}  {:>7}  {:>8}\n",
        of.model,
        of.dataset,
        of.parameters,
        of.steps,
        of.batch,
        of.seed,
        "backend",
        "device",
        "first step",
        "ms a step",
        "images/s",
        "5 % to 95 %",
        "peak MB",
        "loss",
        "test",
    )
}

/// A backend: how fast it is, and how well it has learnt.
pub fn row(of: &Row) -> String {
    match &of.outcome {
        Outcome::Error(reason) => format!("{:<8}  failed {reason}\n", of.backend.name()),
        Outcome::Done(found) => {
            let speed = |value: f64| match value {
                fast if fast >= 100.0 => format!("{fast:.0}"),
                slow => format!("{slow:.1}"),
            };
            let Found { images_per_s, .. } = **found;
            format!(
                "{:<8}  {:<DEVICE$}  {:>8.2} s  {:>9.2}  {:>9}  {:>17}  {:>7}  {:>7.4}  {:>6.2} %\n",
                of.backend.name(),
                cut(&found.device, DEVICE),
                found.first_step_s,
                found.ms_per_step.median,
                speed(images_per_s.median),
                format!("{} to {}", speed(images_per_s.p5), speed(images_per_s.p95)),
                found
                    .peak_rss_mb
                    .map_or("-".into(), |mb| format!("{mb:.0}")),
                found.train_loss,
                100.0 * found.test.accuracy,
            )
        }
    }
}

/// How far the backends are from the reference, and what is to be said of those that are too
/// far.
pub fn agreement(of: &Compared, reference: Backend, tolerance: f64, target: Option<f64>) -> String {
    let found = || {
        of.rows
            .iter()
            .filter_map(|row| Some((row.backend, row.found()?)))
    };
    let compared: Vec<(Backend, &Agreement)> = found()
        .filter_map(|(backend, found)| Some((backend, found.agreement.as_ref()?)))
        .collect();
    let mut text = String::new();
    if !compared.is_empty() {
        let names = compared
            .iter()
            .flat_map(|(_, a)| [&a.output, &a.gradient, &a.weights]);
        let width = names.map(|apart| shown(apart).chars().count()).max();
        let width = width.unwrap_or(0).max("gradient, worst".len());
        text += &format!(
            "\n{:<8}  {:>19}  {:<width$}  {:<width$}  {:<width$}  {:>9}\n",
            format!("to {reference}"),
            "loss, max and mean",
            "output, worst",
            "gradient, worst",
            "weights, worst",
            "same"
        );
        for (backend, agreement) in &compared {
            text += &format!(
                "{:<8}  {:>19}  {:<width$}  {:<width$}  {:<width$}  {:>7.2} %\n",
                backend.name(),
                format!("{:.1e}  {:.1e}", agreement.loss_max, agreement.loss_mean),
                shown(&agreement.output),
                shown(&agreement.gradient),
                shown(&agreement.weights),
                100.0 * agreement.same_predictions,
            );
        }
    }
    if let Some(moved) = found().find_map(|(_, found)| found.rounding.as_ref())
        && compared.iter().any(|(_, a)| a.gradient_limit > tolerance)
    {
        let limit = compared.iter().map(|(_, a)| a.gradient_limit);
        text += &format!(
            "pixels moved by 1e-5 move the gradients of {reference} by {}: up to {:.1e} is rounding\n",
            shown(moved),
            limit.fold(0.0, f64::max),
        );
    }
    for (backend, found) in found() {
        if let Some(driver) = &found.driver {
            text += &format!("driver of {backend}: {driver}\n");
        }
    }
    if let Some(target) = target {
        text += &format!(
            "\nseconds to {} % on the validation images:\n",
            100.0 * target
        );
        for (backend, found) in found() {
            let reached = found
                .reached_s
                .map_or("not reached".into(), |s| format!("{s:.1}"));
            text += &format!("{:<8}  {reached}\n", backend.name());
        }
    }
    for (backend, agreement) in compared {
        if let Some(parts) = &agreement.parts {
            text += &format!("{backend} is beyond the tolerance: {parts}\n");
        }
    }
    text
}

fn shown(apart: &Apart) -> String {
    format!("{:.1e} {}", apart.difference, apart.name)
}

/// What the columns of [`agreement`] are.
pub fn legend() -> String {
    format!(
        "differences as shares of the reference's largest value; outputs and gradients of the first \
         step,\nweights at the end. Judged: outputs, gradients, losses of the first {JUDGED_STEPS} steps.\n"
    )
}
