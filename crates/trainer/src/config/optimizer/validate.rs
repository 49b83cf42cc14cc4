use super::{
    ConfigError, NOT_NEGATIVE, OptimizerConfig, POSITIVE, check, check_given, is_not_negative,
    is_positive,
};

const BELOW_1: &str = "it must be at least 0 and below 1";

fn is_share(value: f64) -> bool {
    (0.0..1.0).contains(&value)
}

impl OptimizerConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        self.check_unused()?;
        check("optimizer.lr", self.lr(), is_positive(self.lr()), POSITIVE)?;
        let decay = self.weight_decay;
        check_given(
            "optimizer.weight_decay",
            decay,
            is_not_negative,
            NOT_NEGATIVE,
        )?;
        check_given("optimizer.momentum", self.momentum, is_share, BELOW_1)?;
        if let Some(nesterov) = self.nesterov {
            check(
                "optimizer.nesterov",
                nesterov,
                !nesterov || self.momentum() > 0.0,
                "it needs a momentum above 0",
            )?;
        }
        if let Some(betas) = self.betas {
            check(
                "optimizer.betas",
                format!("{betas:?}"),
                betas.into_iter().all(is_share),
                "both must be at least 0 and below 1",
            )?;
        }
        check_given("optimizer.eps", self.eps, is_positive, POSITIVE)?;
        check_given("optimizer.alpha", self.alpha, is_share, BELOW_1)?;
        let decay = self.lr_decay;
        check_given("optimizer.lr_decay", decay, is_not_negative, NOT_NEGATIVE)?;
        let sum = self.initial_accumulator;
        let key = "optimizer.initial_accumulator";
        check_given(key, sum, is_not_negative, NOT_NEGATIVE)?;
        let scale = self.adamw_lr_scale;
        check_given("optimizer.adamw_lr_scale", scale, is_positive, POSITIVE)?;
        check_given(
            "optimizer.clip_value",
            self.clip_value,
            is_positive,
            POSITIVE,
        )?;
        check_given("optimizer.clip_norm", self.clip_norm, is_positive, POSITIVE)?;
        for (at, group) in self.groups.iter().enumerate() {
            let key = |name| format!("optimizer.groups[{at}].{name}");
            let scale = group.lr_scale;
            check(key("lr_scale"), scale, is_positive(scale), POSITIVE)?;
            if let Some(decay) = group.weight_decay {
                let possible = is_not_negative(decay);
                check(key("weight_decay"), decay, possible, NOT_NEGATIVE)?;
            }
        }
        Ok(())
    }

    /// An error for a constant that is given and that the optimizer does not have.
    fn check_unused(&self) -> Result<(), ConfigError> {
        fn shown<T: std::fmt::Debug>(value: &Option<T>) -> Option<String> {
            value.as_ref().map(|value| format!("{value:?}"))
        }
        let known = self.name.constants();
        for (name, value) in [
            ("momentum", shown(&self.momentum)),
            ("nesterov", shown(&self.nesterov)),
            ("betas", shown(&self.betas)),
            ("eps", shown(&self.eps)),
            ("alpha", shown(&self.alpha)),
            ("centered", shown(&self.centered)),
            ("lr_decay", shown(&self.lr_decay)),
            ("initial_accumulator", shown(&self.initial_accumulator)),
            ("adjust_lr", shown(&self.adjust_lr)),
            ("adamw_parameters", shown(&self.adamw_parameters)),
            ("adamw_lr_scale", shown(&self.adamw_lr_scale)),
        ] {
            let Some(value) = value else { continue };
            check(
                format!("optimizer.{name}"),
                value,
                known.contains(&name),
                &format!(
                    "{} does not have it; it has {}",
                    self.name,
                    known.join(", ")
                ),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<(String, String)> {
        let config: OptimizerConfig = toml::from_str(text).unwrap();
        match config.validate() {
            Ok(()) => None,
            Err(ConfigError::Value { key, problem, .. }) => Some((key.into_owned(), problem)),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn constants_of_other_optimizers_are_refused() {
        for (text, key, words) in [
            (
                "name = \"adam\"\nmomentum = 0.9",
                "momentum",
                "adam does not have it; it has betas, eps",
            ),
            ("name = \"lion\"\neps = 1e-8", "eps", "it has betas"),
            (
                "betas = [0.9, 0.99]",
                "betas",
                "sgd does not have it; it has momentum, nesterov",
            ),
            (
                "name = \"adamw\"\nadjust_lr = \"original\"",
                "adjust_lr",
                "adamw",
            ),
            (
                "name = \"muon\"\nalpha = 0.9",
                "alpha",
                "it has momentum, nesterov, betas",
            ),
            (
                "name = \"rmsprop\"\nlr_decay = 0.0",
                "lr_decay",
                "alpha, centered",
            ),
        ] {
            let (found, problem) = problem(text).unwrap();
            assert_eq!(found, format!("optimizer.{key}"));
            assert!(problem.contains(words), "{problem}");
        }
    }

    #[test]
    fn ranges_are_checked() {
        for (text, key) in [
            ("momentum = 0.0\nnesterov = true", "nesterov"),
            ("momentum = -0.1", "momentum"),
            ("clip_norm = 0.0", "clip_norm"),
            ("clip_value = inf", "clip_value"),
            // Not in 32 bits.
            ("lr = 1e39", "lr"),
            ("lr = 1e-39", "lr"),
            ("weight_decay = 1e300", "weight_decay"),
            ("clip_value = 1e-60", "clip_value"),
            ("clip_norm = 1e39", "clip_norm"),
            ("name = \"adam\"\neps = 1e-60", "eps"),
            ("name = \"adagrad\"\nlr_decay = 1e300", "lr_decay"),
            (
                "name = \"adagrad\"\ninitial_accumulator = 1e300",
                "initial_accumulator",
            ),
            ("name = \"muon\"\nadamw_lr_scale = 1e300", "adamw_lr_scale"),
            (
                "[[groups]]\nparameters = \"a\"\nlr_scale = 1e300",
                "groups[0].lr_scale",
            ),
            ("name = \"adam\"\nbetas = [0.9, 1.0]", "betas"),
            ("name = \"adam\"\neps = 0.0", "eps"),
            ("name = \"rmsprop\"\nalpha = nan", "alpha"),
            ("name = \"adagrad\"\nlr_decay = -1.0", "lr_decay"),
            (
                "name = \"adagrad\"\ninitial_accumulator = -1.0",
                "initial_accumulator",
            ),
            ("name = \"muon\"\nadamw_lr_scale = 0.0", "adamw_lr_scale"),
            (
                "[[groups]]\nparameters = \"a\"\n[[groups]]\nparameters = \"b\"\nlr_scale = 0.0",
                "groups[1].lr_scale",
            ),
            (
                "[[groups]]\nparameters = \"a\"\nweight_decay = -1.0",
                "groups[0].weight_decay",
            ),
        ] {
            let found = problem(text).map(|(key, _)| key);
            assert_eq!(found, Some(format!("optimizer.{key}")), "{text}");
        }
        for fine in [
            "",
            "nesterov = true",
            "lr = 2.0\nweight_decay = 0.0",
            "momentum = 0.0\nnesterov = false",
            "name = \"muon\"\nmomentum = 0.9\nadjust_lr = \"match-rms-adamw\"\nadamw_parameters = [\"fc.*\"]",
            "clip_norm = 1.0\nclip_value = 0.5\nfreeze = [\"conv1.*\"]",
        ] {
            assert_eq!(problem(fine), None, "{fine}");
        }
    }

    #[test]
    fn comes_back_from_toml() {
        let text = "name = \"rmsprop\"\nmomentum = 0.5\ncentered = true\nfreeze = [\"a.*\"]\n\
                    [[groups]]\nparameters = \"b\"\nlr_scale = 0.1\n";
        let config: OptimizerConfig = toml::from_str(text).unwrap();
        let again = toml::from_str(&toml::to_string(&config).unwrap());
        assert_eq!(again, Ok(config));
    }
}
