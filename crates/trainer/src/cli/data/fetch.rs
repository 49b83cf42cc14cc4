use std::process::ExitCode;

use crate::cli::{
    print,
    store::{FetchBar, StoreArgs},
};

#[derive(clap::Args)]
pub struct Args {
    /// Data sets, by name
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    store: StoreArgs,
}

impl Args {
    /// Exit code 1 if a file that was there before is not what it should be.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let store = self.store.store(None);
        // A slip in the last name is no reason to fetch the first.
        for name in &self.names {
            if let Err(error @ data::DataError::UnknownDataset { .. }) = store.locate(name) {
                return Err(super::report(error));
            }
        }
        for name in &self.names {
            let mut bar = FetchBar::default();
            let location = store
                .fetch(name, &mut |progress| bar.show(progress))
                .map_err(super::report)?;
            drop(bar);
            let report = store.verify(name).map_err(super::report)?;
            if !report.is_ok() {
                eprint!("{}", super::verify::table(&[report]));
                return Ok(ExitCode::FAILURE);
            }
            let folder = location.found.first().and_then(|file| file.parent());
            print(&match folder {
                Some(folder) => format!("{name}: in {}\n", folder.display()),
                None => format!("{name}: in the program\n"),
            })?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
