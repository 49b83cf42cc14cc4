//! A headless Chromium, driven over WebDriver (<https://www.w3.org/TR/webdriver2/>): its
//! own `chromedriver` is an HTTP server.

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Escape, as WebDriver writes it.
pub const ESCAPE: &str = "\u{E00C}";

/// A browser with one page. It is gone when this is dropped.
pub struct Browser {
    driver: Child,
    session: String,
}

/// A browser of `width` pixels. `None` where there is no chromedriver, which is printed;
/// with `KILN_BROWSER=required` in the environment, that is a failure.
pub fn browser(width: u32) -> Option<Browser> {
    let started = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut driver = match started {
        Ok(driver) => driver,
        Err(e) => {
            let required = env::var_os("KILN_BROWSER").is_some_and(|value| value == "required");
            assert!(!required, "chromedriver cannot be started: {e}");
            eprintln!("skipped: there is no chromedriver ({e}); Debian has it as chromium-driver");
            return None;
        }
    };
    let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port = lines.map_while(Result::ok).find_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse::<u16>().ok()
    });
    let address = format!("http://127.0.0.1:{}/session", port.expect("a port"));
    let size = format!("--window-size={width},900");
    let options = json!({"capabilities": {"alwaysMatch": {
        "goog:chromeOptions": {
            "args": ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", size],
        },
        "goog:loggingPrefs": {"browser": "ALL"},
    }}});
    let session = post(&address, &options)["sessionId"]
        .as_str()
        .unwrap()
        .to_string();
    Some(Browser {
        driver,
        session: format!("{address}/{session}"),
    })
}

impl Browser {
    /// Opens a file.
    pub fn open(&self, file: &Path) {
        let file = file.canonicalize().unwrap();
        self.post("url", &json!({"url": format!("file://{}", file.display())}));
    }

    /// Shows pages as a screen of this size does, which may be smaller than any window.
    pub fn resize(&self, width: u32, height: u32) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": true});
        let command = json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": size});
        self.post("goog/cdp/execute", &command);
    }

    /// What the body of a function gives.
    pub fn run(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({"script": script, "args": []}))
    }

    /// Clicks the first element that a selector of CSS finds, as a user would.
    pub fn click(&self, selector: &str) {
        let found = self.post(
            "element",
            &json!({"using": "css selector", "value": selector}),
        );
        let element = found[ELEMENT].as_str().unwrap();
        self.post(&format!("element/{element}/click"), &json!({}));
    }

    /// Presses a key, and lets it go.
    pub fn press(&self, key: &str) {
        let actions = json!({"actions": [{"type": "key", "id": "keyboard", "actions": [
            {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key},
        ]}]});
        self.post("actions", &actions);
    }

    /// What the console got since it was last asked: errors, warnings and notes.
    pub fn console(&self) -> Vec<Value> {
        let log = self.post("se/log", &json!({"type": "browser"}));
        log.as_array().unwrap().clone()
    }

    fn post(&self, command: &str, body: &Value) -> Value {
        post(&format!("{}/{command}", self.session), body)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Closes the browser; the driver alone would leave it.
        let _ = ureq::delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn post(address: &str, body: &Value) -> Value {
    let answer = ureq::post(address)
        .config()
        .http_status_as_error(false)
        .build()
        .header("Content-Type", "application/json")
        .send(body.to_string());
    let text = answer.unwrap().body_mut().read_to_string().unwrap();
    let answer: Value = serde_json::from_str(&text).unwrap();
    let value = answer["value"].clone();
    assert!(value["error"].is_null(), "{address}: {value}");
    value
}
