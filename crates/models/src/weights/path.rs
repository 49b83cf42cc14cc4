/// Where a walk through a module is: what a Burn visitor or mapper keeps to name
/// parameters as PyTorch does, `layer1.0.conv1.weight`.
#[derive(Debug, Default)]
pub struct ParameterPath {
    names: Vec<String>,
    container: String,
}

impl ParameterPath {
    /// For `enter_module`: its arguments.
    pub fn enter(&mut self, name: &str, container: &str) {
        self.names.push(name.into());
        self.container = container.into();
    }

    /// For `exit_module`.
    pub fn exit(&mut self) {
        self.names.pop();
    }

    /// The name of the parameter that is being visited.
    #[must_use]
    pub fn name(&self) -> String {
        self.names.join(".")
    }

    /// Whether the parameter that is being visited, of `rank` dimensions, lies
    /// transposed: Burn keeps the weight of a fully connected layer as `[in, out]`,
    /// PyTorch as `[out, in]`.
    #[must_use]
    pub fn is_transposed(&self, rank: usize) -> bool {
        rank == 2 && self.container == "Struct:Linear"
    }
}
