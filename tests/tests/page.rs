//! The page of `emjay compare --format html`, used in a browser without a window as a reader would
//! use it: see `page/driver.js` for what is checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::{Arguments, Failed, Trial};
use tests::{is_emulated, run, tool};

const WATCH: &str = include_str!("page/watch.js");
const DRIVER: &str = include_str!("page/driver.js");

/// The names that the browser goes by.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// What is compared.
const PAGES: [(&str, &[&str]); 3] = [
    (
        "calls",
        &[
            "--columns",
            "aarch64:baseline,ulm:stack",
            "examples/calls.emjay",
        ],
    ),
    ("blog", &["examples/blog.emjay"]),
    ("fib", &["examples/fib.emjay", "5"]),
];

/// How a page is looked at.
#[derive(Debug, Clone, Copy)]
struct Look {
    name: &'static str,
    options: &'static [&'static str],
}

const LOOKS: [Look; 3] = [
    Look {
        name: "light",
        options: &["--window-size=1400,1000"],
    },
    Look {
        name: "dark",
        options: &[
            "--window-size=1400,1000",
            "--blink-settings=preferredColorScheme=0",
        ],
    },
    Look {
        name: "narrow",
        options: &["--window-size=500,900"],
    },
];

fn main() {
    let arguments = Arguments::from_args();
    let trials = match browser() {
        Ok(browser) => trials(browser),
        Err(reason) => vec![ignored("pages in a browser", &reason)],
    };
    libtest_mimic::run(&arguments, trials).exit();
}

fn ignored(name: &str, reason: &str) -> Trial {
    Trial::test(format!("{name} (did not run: {reason})"), || Ok(())).with_ignored_flag(true)
}

/// The browser of this system.
fn browser() -> Result<&'static str, String> {
    if is_emulated() {
        return Err("the tests are emulated themselves".to_owned());
    }
    let starts = |name: &&str| {
        let mut command = Command::new(name);
        command
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    BROWSERS
        .into_iter()
        .find(starts)
        .ok_or_else(|| format!("needs {}", BROWSERS.join(" or ")))
}

fn trials(browser: &'static str) -> Vec<Trial> {
    let mut trials = vec![Trial::test(
        "a request of a page would be seen",
        move || a_request_is_seen(browser),
    )];
    for (page, words) in PAGES {
        for look in LOOKS {
            let visit: Arc<OnceLock<Result<Visit, String>>> = Arc::default();
            for check in checks() {
                let visit = Arc::clone(&visit);
                trials.push(Trial::test(
                    format!("{page}::{}::{check}", look.name),
                    move || {
                        let visit = visit.get_or_init(|| comparison(browser, words, look));
                        visit.as_ref().map_err(Failed::from)?.held(check)
                    },
                ));
            }
        }
    }
    trials
}

/// The names of the driver's checks, and the one that is made here.
fn checks() -> impl Iterator<Item = &'static str> {
    let names = DRIVER.lines().filter_map(|line| {
        let name = line.strip_prefix("    \"")?;
        name.strip_suffix("\"() {")
    });
    names.chain([NO_REQUEST])
}

const NO_REQUEST: &str = "the browser makes no request for it";

/// What came of a visit to a page.
#[derive(Debug)]
struct Visit {
    /// `held`, or what did not, by the name of the check.
    results: BTreeMap<String, String>,
    /// The addresses that the page had the browser ask for.
    requests: Vec<String>,
}

impl Visit {
    fn held(&self, check: &str) -> Result<(), Failed> {
        if check == NO_REQUEST {
            return if self.requests.is_empty() {
                Ok(())
            } else {
                Err(format!("it asked for {:?}", self.requests).into())
            };
        }
        match self.results.get(check).map(String::as_str) {
            Some("held") => Ok(()),
            Some(fault) => Err(fault.into()),
            None => Err("it was not checked".into()),
        }
    }
}

/// Makes a comparison and visits its page.
fn comparison(browser: &str, words: &[&str], look: Look) -> Result<Visit, String> {
    let mut command = tool("emjay");
    command.args(["compare", "--format", "html"]).args(words);
    let output = run(&mut command, b"");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let page = String::from_utf8(output.stdout).map_err(|error| error.to_string())?;
    let page = page.replacen("<title>", &format!("<script>{WATCH}</script><title>"), 1);
    let (body, end) = page.rsplit_once("</body>").ok_or("the page has no end")?;
    let page = format!("{body}<script>{DRIVER}</script></body>{end}");
    let (dump, requests) = visit(browser, &page, look.options)?;
    Ok(Visit {
        results: results(&dump)?,
        requests,
    })
}

/// What the driver wrote at the end of the page.
fn results(dump: &str) -> Result<BTreeMap<String, String>, String> {
    let (_, written) = dump
        .rsplit_once("<pre id=\"results\">")
        .ok_or("the driver did not come to its end")?;
    let (written, _) = written.split_once('<').ok_or("the results have no end")?;
    let text = STANDARD
        .decode(written)
        .map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

/// Shows a page, and gives it back as it is when it has come to rest, with the requests that it made.
fn visit(browser: &str, page: &str, options: &[&str]) -> Result<(String, Vec<String>), String> {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = scratch.path().join("page.html");
    std::fs::write(&file, page).map_err(|error| error.to_string())?;
    let log = scratch.path().join("log.json");
    let mut command = Command::new(browser);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .args(["--no-first-run", "--disable-background-networking"])
        .arg("--timeout=60000")
        .args(options)
        .arg(option("--user-data-dir", &scratch.path().join("profile")))
        .arg(option("--log-net-log", &log))
        .arg(option("file://", &file));
    let output = run(&mut command, b"");
    let log = std::fs::read_to_string(log).map_err(|error| format!("no log: {error}"))?;
    Ok((
        String::from_utf8_lossy(&output.stdout).into_owned(),
        requests(&log),
    ))
}

/// `--name=path`, or `file://path`.
fn option(name: &str, path: &Path) -> std::ffi::OsString {
    let mut option = std::ffi::OsString::from(name);
    if !name.ends_with('/') {
        option.push("=");
    }
    option.push(PathBuf::from(path));
    option
}

/// The requests that a page made. The browser makes some for itself, which have no origin.
fn requests(log: &str) -> Vec<String> {
    // An event is a line.
    let events = log.lines().filter_map(|line| {
        let line = line.trim_end_matches(',');
        serde_json::from_str::<serde_json::Value>(line).ok()
    });
    events
        .filter_map(|event| {
            let parameters = &event["params"];
            let initiator = parameters["initiator"].as_str()?;
            let address = parameters["url"].as_str()?;
            (initiator != "not an origin").then(|| address.to_owned())
        })
        .collect()
}

fn a_request_is_seen(browser: &str) -> Result<(), Failed> {
    let address = "http://127.0.0.1:1/picture.png";
    let page = format!("<!DOCTYPE html><title>x</title><img src=\"{address}\" alt=\"\">");
    let (_, requests) = visit(browser, &page, &[])?;
    if requests == [address] {
        Ok(())
    } else {
        Err(format!("seen were {requests:?}").into())
    }
}
