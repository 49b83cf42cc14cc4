/// The rest of a message about an unknown name: which known name it may have
/// meant, if one looks like it, and all that are known.
///
/// ```
/// let rest = models::suggest("lenet-5", &["lenet5", "mlp"]);
/// assert_eq!(rest, " (did you mean `lenet5`?); known: lenet5, mlp");
/// ```
#[must_use]
pub fn suggest(name: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return String::new();
    }
    let name = name.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&known.to_lowercase(), &name);
    let nearest = known
        .iter()
        .map(|&known| (likeness(known), known))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let meant = nearest.map_or(String::new(), |(_, known)| {
        format!(" (did you mean `{known}`?)")
    });
    format!("{meant}; known: {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_nearest_if_it_is_near() {
        let known = ["convnet", "lenet5", "lenet5-sigmoid", "mlp"];
        for name in ["lenet-5", "LeNet5"] {
            assert_eq!(
                suggest(name, &known),
                " (did you mean `lenet5`?); known: convnet, lenet5, lenet5-sigmoid, mlp"
            );
        }
        assert!(!suggest("qqq", &known).contains("did you mean"));
    }
}
