use super::StateDict;
use crate::Summary;

/// What programs put before the names of a network that they hold: `DataParallel`,
/// `torch.compile`, and modules that have it as a field.
const PREFIXES: [&str; 5] = ["module.", "_orig_mod.", "model.", "net.", "network."];

impl StateDict {
    /// The same tensors under the names that the network of `summary` has for them:
    /// as long as none of them is, what wrapping programs put before the names
    /// (`module.`, `_orig_mod.`, `model.`, `net.`, `network.`) is taken off where it
    /// is. As they were, if that leads to none.
    #[must_use]
    pub fn named_for(self, summary: &Summary) -> Self {
        let known = |name: &str| {
            let (layer, _) = name.rsplit_once('.').unwrap_or_default();
            summary.layers.iter().any(|row| row.name == layer)
        };
        let mut names: Vec<String> = self.names().map(Into::into).collect();
        let mut taken_off = Vec::new();
        while !names.iter().any(|name| known(name)) {
            let is_used = |prefix: &&&str| names.iter().any(|name| name.starts_with(**prefix));
            let Some(prefix) = PREFIXES.iter().find(is_used) else {
                return self;
            };
            taken_off.push(*prefix);
            for name in &mut names {
                if let Some(stripped) = name.strip_prefix(prefix) {
                    *name = stripped.into();
                }
            }
        }
        self.renamed(|name| {
            let strip = |name, prefix: &&str| str::strip_prefix(name, prefix).unwrap_or(name);
            taken_off.iter().fold(name, strip).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LayerSpec, NetworkSpec, StateTensor};

    fn state(names: &[&str]) -> StateDict {
        let mut state = StateDict::default();
        for (at, name) in names.iter().enumerate() {
            let values = vec![at as f32];
            state.insert(
                name,
                StateTensor {
                    shape: vec![1],
                    values,
                },
            );
        }
        state
    }

    fn summary(layer: &str) -> Summary {
        let spec = NetworkSpec::new("n")
            .layer("flatten", LayerSpec::flatten())
            .layer(layer, LayerSpec::linear(2));
        spec.summary([1, 1, 1]).unwrap()
    }

    #[test]
    fn wrappers_are_taken_off_until_a_name_is_the_networks() {
        for wrapped in ["fc", "module.fc", "net.fc", "model.module._orig_mod.fc"] {
            let (weight, bias) = (format!("{wrapped}.weight"), format!("{wrapped}.bias"));
            let named = state(&[&bias, &weight]).named_for(&summary("fc"));
            assert_eq!(named, state(&["fc.bias", "fc.weight"]), "{wrapped}");
        }
        // What else is there stays as it is.
        let named = state(&["criterion.weight", "model.fc.weight"]).named_for(&summary("fc"));
        assert_eq!(named, state(&["criterion.weight", "fc.weight"]));
    }

    #[test]
    fn names_of_the_network_stay() {
        let own = state(&["model.0.bias", "model.0.weight"]);
        assert_eq!(own.clone().named_for(&summary("model.0")), own);
        let foreign = state(&["module.x.weight"]);
        assert_eq!(foreign.clone().named_for(&summary("fc")), foreign);
    }
}
