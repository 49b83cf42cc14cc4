/// The rest of a message about an unknown name: which known name it may have
/// meant, if one looks like it, and all that are known.
pub(crate) fn suggest(name: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|known| (strsim::jaro_winkler(known, name), known))
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
        assert_eq!(
            suggest("lenet-5", &known),
            " (did you mean `lenet5`?); known: convnet, lenet5, lenet5-sigmoid, mlp"
        );
        assert!(!suggest("qqq", &known).contains("did you mean"));
    }
}
