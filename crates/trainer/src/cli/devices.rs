use std::{fmt::Write, process::ExitCode};

use serde_json::json;
use trainer::backend::{AdapterKind, Backend, BackendChoice, select};

#[derive(clap::Args)]
pub struct Args {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let backends = Backend::ALL.map(|backend| (backend, backend.adapters()));
        let auto = select(BackendChoice::Auto, AdapterKind::Gpu);
        if self.json {
            let backends = backends.map(|(backend, adapters)| {
                let adapters: Vec<_> = adapters
                    .into_iter()
                    .map(|adapter| {
                        let driver = backend.driver(&adapter.name);
                        json!({"name": adapter.name, "kind": adapter.kind, "driver": driver})
                    })
                    .collect();
                json!({
                    "name": backend,
                    "compiled_in": backend.is_compiled_in(),
                    "adapters": adapters,
                })
            });
            let auto = auto
                .as_ref()
                .ok()
                .map(|s| json!({"backend": s.backend, "device": s.name, "reason": s.reason}));
            super::print(&format!(
                "{}\n",
                json!({"backends": backends, "auto": auto})
            ))?;
            return Ok(ExitCode::SUCCESS);
        }

        let mut text = String::new();
        for (backend, adapters) in backends {
            let found = match (backend.is_compiled_in(), backend.is_cpu()) {
                (false, _) => format!("not compiled in (--features {backend})"),
                (true, true) => "compiled in".to_string(),
                (true, false) if adapters.is_empty() => "compiled in, no adapter found".to_string(),
                (true, false) => adapters
                    .iter()
                    .map(|adapter| {
                        let driver = backend.driver(&adapter.name);
                        let driver = driver.map_or(String::new(), |driver| format!(", {driver}"));
                        let name = format!("{}{driver}", adapter.name);
                        match adapter.kind {
                            AdapterKind::Gpu => name,
                            AdapterKind::Cpu => format!("{name} (software: --adapter cpu)"),
                        }
                    })
                    .collect::<Vec<_>>()
                    .join("; "),
            };
            writeln!(text, "{backend:<8} {:<24} {found}", backend.about())?;
        }
        match auto {
            Ok(taken) => {
                writeln!(
                    text,
                    "\nauto takes {}: {} ({})",
                    taken.backend, taken.name, taken.reason
                )?;
            }
            Err(error) => writeln!(text, "\nauto takes nothing: {error}")?,
        }
        super::print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}
