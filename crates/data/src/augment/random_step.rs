//! Steps that have no parameter but their probability.

/// A step that has no parameter but its probability.
macro_rules! random_step {
    (
        $(#[$doc:meta])*
        $step:ident, p: $p:literal, check: $check:expr, apply: $apply:expr
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields, default)]
        pub struct $step {
            #[doc = concat!("How likely, 0 to 1. Left out: ", $p, ".")]
            pub p: f64,
        }

        impl Default for $step {
            fn default() -> Self {
                Self { p: $p }
            }
        }

        impl $crate::augment::Step for $step {
            fn check(
                &self,
                shape: [usize; 3],
            ) -> Result<[usize; 3], $crate::augment::parameter::Problem> {
                $crate::augment::parameter::check_probability(self.p)?;
                $check(shape[0])?;
                Ok(shape)
            }

            fn apply(
                &self,
                image: &mut $crate::augment::Image,
                draw: &mut $crate::augment::Draw,
            ) {
                if draw.chance(self.p) {
                    $apply(image);
                }
            }
        }
    };
}
pub(super) use random_step;
