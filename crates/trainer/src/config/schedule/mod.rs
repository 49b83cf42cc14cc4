mod defaults;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ConfigError, MOST_EPOCHS, POSITIVE, check, check_given, error::fits_32_bits, is_positive,
    only_taken,
};

/// The course of the learning rate.
///
/// A key that the chosen course does not use is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleConfig {
    /// Which course.
    pub name: ScheduleName,
    /// Epochs (also fractions) over which the rate first rises, in a straight line, to
    /// where the course begins; at least 0 and below the epochs of the run. Left out:
    /// 0.5, and 0 for one-cycle, which has a rise of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub warmup_epochs: Option<f64>,
    /// The share of that rate with which warm-up begins, 0 to 1, as `start_factor` of
    /// PyTorch's `LinearLR`; it needs a warm-up. Left out: warm-up begins one update above 0, and its last
    /// update is at the full rate already.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub warmup_start: Option<f64>,
    /// The lowest rate, at least 0 and at most `optimizer.lr`: where cosine, linear
    /// and polynomial end, and what plateau does not go below. Left out: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub min_lr: Option<f64>,
    /// What the rate is multiplied with, above 0 and at most 1: at every step of step
    /// and multi-step (left out: 0.1), and over each epoch of exponential (left out: 0.9).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    pub gamma: Option<f64>,
    /// For step: epochs (also fractions) from one step to the next, above 0, counted
    /// from the beginning of the run and rounded to whole updates. Left out: a third of
    /// the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub step_epochs: Option<f64>,
    /// For multi-step: the epochs (also fractions) after which the rate falls, each
    /// above 0 and above the one before, counted from the beginning of the run and
    /// rounded to whole updates. Left out: a half and three quarters of the run (He et
    /// al., 2016, on CIFAR-10).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("items" = { "type": "number", "format": "double", "exclusiveMinimum": 0 }))]
    pub milestones: Option<Vec<f64>>,
    /// For polynomial: the power, above 0. Left out: 0.9 (Chen et al., 2018).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub power: Option<f64>,
    /// For one-cycle: the share of the updates in which the rate rises, 0 to 1. Left
    /// out: 0.3.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub pct_start: Option<f64>,
    /// For one-cycle: how many times smaller than `optimizer.lr` the first rate is, at
    /// least 1. Left out: 25.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub div_factor: Option<f64>,
    /// For one-cycle: how many times smaller than the first rate the last one is, at
    /// least 1. Left out: 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub final_div_factor: Option<f64>,
    /// For one-cycle: the form of rise and fall, `cos` or `linear`. Left out: `cos`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anneal: Option<Anneal>,
    /// For plateau: what the rate is multiplied with, above 0 and below 1. Left out: 0.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub factor: Option<f64>,
    /// For plateau: epochs without a better validation loss that are borne; the one
    /// after them lowers the rate. Up to 1,000,000. Left out: 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1_000_000))]
    pub patience: Option<u64>,
    /// For plateau: the share of the best validation loss by which a loss must be lower
    /// to be better, at least 0 and below 1. Left out: 0.0001.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
    pub threshold: Option<f64>,
    /// For plateau: epochs after a fall of the rate in which none counts as without a
    /// better loss. Up to 1,000,000. Left out: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1_000_000))]
    pub cooldown: Option<u64>,
}

impl Default for ScheduleConfig {
    fn default() -> Self {
        Self {
            name: ScheduleName::Cosine,
            warmup_epochs: None,
            warmup_start: None,
            min_lr: None,
            gamma: None,
            step_epochs: None,
            milestones: None,
            power: None,
            pct_start: None,
            div_factor: None,
            final_div_factor: None,
            anneal: None,
            factor: None,
            patience: None,
            threshold: None,
            cooldown: None,
        }
    }
}

/// A course of the learning rate after warm-up. All but plateau change the rate with
/// every update.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleName {
    /// It stays.
    Constant,
    /// It is multiplied with `gamma` every `step_epochs` epochs.
    Step,
    /// It is multiplied with `gamma` after each of the `milestones`.
    MultiStep,
    /// It is multiplied with `gamma` over each epoch, evenly over its updates.
    Exponential,
    /// It falls to `min_lr` along half a cosine (Loshchilov and Hutter, 2017, without restarts).
    Cosine,
    /// It rises from a small rate to the largest, and falls to a much smaller one (Smith
    /// and Topin, 2018; PyTorch's `OneCycleLR` in two phases, with a fixed momentum).
    OneCycle,
    /// It falls to `min_lr` in a straight line.
    Linear,
    /// It falls to `min_lr` as the `power` of the share of the updates that are left.
    Polynomial,
    /// It is multiplied with `factor` when the validation loss no longer falls
    /// (PyTorch's `ReduceLROnPlateau`). It needs validation images.
    Plateau,
}

/// The form of a rise or a fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Anneal {
    /// Half a cosine.
    Cos,
    /// A straight line.
    Linear,
}

impl ScheduleName {
    /// The name in a configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Step => "step",
            Self::MultiStep => "multi-step",
            Self::Exponential => "exponential",
            Self::Cosine => "cosine",
            Self::OneCycle => "one-cycle",
            Self::Linear => "linear",
            Self::Polynomial => "polynomial",
            Self::Plateau => "plateau",
        }
    }

    /// The keys that it takes beside those of warm-up.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Constant => &[],
            Self::Step => &["gamma", "step_epochs"],
            Self::MultiStep => &["gamma", "milestones"],
            Self::Exponential => &["gamma"],
            Self::Cosine | Self::Linear => &["min_lr"],
            Self::OneCycle => &["pct_start", "div_factor", "final_div_factor", "anneal"],
            Self::Polynomial => &["power", "min_lr"],
            Self::Plateau => &["factor", "patience", "threshold", "cooldown", "min_lr"],
        }
    }
}

impl ScheduleConfig {
    /// `epochs` and `peak` are the epochs and the largest learning rate of the run.
    pub(crate) fn validate(&self, epochs: usize, peak: f64) -> Result<(), ConfigError> {
        let warmup = self.warmup_epochs();
        check(
            "schedule.warmup_epochs",
            warmup,
            warmup >= 0.0 && warmup < epochs as f64,
            &format!("it must be at least 0 and below the {epochs} epochs of the run"),
        )?;
        check_given(
            "schedule.warmup_start",
            self.warmup_start,
            |_| warmup > 0.0,
            "there is no warm-up to begin with it: it needs `warmup_epochs` above 0",
        )?;
        self.only_its_own_keys()?;
        self.ranges(peak)?;
        self.rising_milestones()
    }

    /// `validation` is the number of validation images.
    pub(crate) fn check_images(&self, validation: usize) -> Result<(), ConfigError> {
        check(
            "schedule.name",
            self.name.name(),
            self.name != ScheduleName::Plateau || validation > 0,
            "it goes by the validation loss, and no image is held out for that: set valid, or take \
             another schedule",
        )
    }

    /// Whether the rates of its first epochs are others in a longer run.
    pub(crate) fn depends_on_epochs(&self) -> bool {
        match self.name {
            ScheduleName::Constant | ScheduleName::Exponential | ScheduleName::Plateau => false,
            ScheduleName::Step => self.step_epochs.is_none(),
            ScheduleName::MultiStep => self.milestones.is_none(),
            ScheduleName::Cosine
            | ScheduleName::OneCycle
            | ScheduleName::Linear
            | ScheduleName::Polynomial => true,
        }
    }

    fn only_its_own_keys(&self) -> Result<(), ConfigError> {
        let text = |value: Option<f64>| value.map(|value| value.to_string());
        let count = |value: Option<u64>| value.map(|value| value.to_string());
        let list = self.milestones.as_ref().map(|list| format!("{list:?}"));
        let anneal = self.anneal.map(|anneal| match anneal {
            Anneal::Cos => "cos".to_string(),
            Anneal::Linear => "linear".to_string(),
        });
        let given: [(&'static str, Option<String>); 13] = [
            ("schedule.min_lr", text(self.min_lr)),
            ("schedule.gamma", text(self.gamma)),
            ("schedule.step_epochs", text(self.step_epochs)),
            ("schedule.milestones", list),
            ("schedule.power", text(self.power)),
            ("schedule.pct_start", text(self.pct_start)),
            ("schedule.div_factor", text(self.div_factor)),
            ("schedule.final_div_factor", text(self.final_div_factor)),
            ("schedule.anneal", anneal),
            ("schedule.factor", text(self.factor)),
            ("schedule.patience", count(self.patience)),
            ("schedule.threshold", text(self.threshold)),
            ("schedule.cooldown", count(self.cooldown)),
        ];
        only_taken(
            &format!("the schedule {}", self.name.name()),
            self.name.keys(),
            &["warmup_epochs", "warmup_start"],
            &given,
        )
    }

    fn ranges(&self, peak: f64) -> Result<(), ConfigError> {
        let above_one = |x: f64| x >= 1.0 && fits_32_bits(x);
        let share = |x: f64| (0.0..=1.0).contains(&x);
        let factor = "it must be a number from 1 to 3.4e38";
        let part = "it must be at least 0 and at most 1";
        check_given("schedule.warmup_start", self.warmup_start, share, part)?;
        check_given(
            "schedule.gamma",
            self.gamma,
            |x| x > 0.0 && x <= 1.0,
            "it must be above 0 and at most 1",
        )?;
        check_given(
            "schedule.step_epochs",
            self.step_epochs,
            is_positive,
            POSITIVE,
        )?;
        check_given("schedule.power", self.power, is_positive, POSITIVE)?;
        check_given("schedule.pct_start", self.pct_start, share, part)?;
        check_given("schedule.div_factor", self.div_factor, above_one, factor)?;
        check_given(
            "schedule.final_div_factor",
            self.final_div_factor,
            above_one,
            factor,
        )?;
        check_given(
            "schedule.factor",
            self.factor,
            |x| x > 0.0 && x < 1.0,
            "it must be above 0 and below 1",
        )?;
        check_given(
            "schedule.threshold",
            self.threshold,
            |x| (0.0..1.0).contains(&x),
            "it must be at least 0 and below 1",
        )?;
        for (key, epochs) in [
            ("schedule.patience", self.patience),
            ("schedule.cooldown", self.cooldown),
        ] {
            let epochs = epochs.unwrap_or(0);
            let most = MOST_EPOCHS as u64;
            let problem = format!("it must be at most {most}");
            check(key, epochs, epochs <= most, &problem)?;
        }
        let lowest = self.min_lr();
        check(
            "schedule.min_lr",
            lowest,
            (0.0..=peak).contains(&lowest) && fits_32_bits(lowest),
            &format!(
                "it must be 0, or a number from 1.2e-38 and at most optimizer.lr, which is {peak}"
            ),
        )
    }

    fn rising_milestones(&self) -> Result<(), ConfigError> {
        let list = self.milestones.as_deref().unwrap_or_default();
        let positive = list.iter().all(|&epoch| epoch.is_finite() && epoch > 0.0);
        let possible = positive && list.windows(2).all(|pair| pair[0] < pair[1]);
        check(
            "schedule.milestones",
            format!("{list:?}"),
            possible,
            "it must be a list of epochs above 0, each above the one before",
        )
    }
}
