use crate::{Model, ModelError, NetworkSpec, model::Choice, zoo};

/// An architecture that Kiln knows by name.
#[derive(Debug)]
pub struct Architecture {
    /// The name that [`Model::find`] takes.
    pub name: &'static str,
    /// The family it is of.
    pub family: &'static str,
    /// Where it was published.
    pub paper: &'static str,
    /// `[channels, height, width]` of the images that it was published for.
    pub usual_image: [usize; 3],
    /// Number of classes that it was published for.
    pub usual_classes: usize,
    /// Whether it has a form for small images and one for large.
    pub forms: bool,
    /// Whether its width can be chosen.
    pub scalable: bool,
    pub(crate) spec: fn(&Choice) -> NetworkSpec,
}

impl PartialEq for Architecture {
    /// By name, which is unique.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Architecture {
    /// The architecture for so many classes.
    #[must_use]
    pub fn model(&'static self, classes: usize) -> Model {
        Model::new(self, classes)
    }
}

/// All architectures that Kiln knows by name, family by family.
pub fn architectures() -> impl Iterator<Item = &'static Architecture> {
    zoo::FAMILIES.iter().copied().flatten()
}

/// The architecture of that name.
///
/// # Errors
/// [`ModelError::UnknownModel`] with all names.
pub fn find(name: &str) -> Result<&'static Architecture, ModelError> {
    architectures()
        .find(|known| known.name == name)
        .ok_or_else(|| ModelError::UnknownModel {
            name: name.into(),
            known: architectures().map(|known| known.name).collect(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = find("lenet-5").unwrap_err().to_string();
        assert!(
            error.contains("`lenet-5`; known: perceptron, mlp, lenet5"),
            "{error}"
        );
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = architectures().map(|known| known.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), architectures().count());
    }
}
