//! Which addresses files are fetched from: the platform's own, and those that the job allows, by the archive and by `call`.

use super::library::{Addresses, Answer, Library};
use super::{fetch, statuses};
use crate::support::{Workspace, stderr};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use std::fs;

/// An address on the other port of the platform's host.
fn on_other_port(_: u64, addresses: &Addresses) -> Answer {
    Answer::At(format!("{}/x", addresses.other_port))
}

/// The port of an address.
fn port(url: &str) -> &str {
    url.rsplit(':').next().unwrap()
}

/// A server on a port of its own that redirects every request to `target`, for the life of the runtime.
fn redirecting(target: String) -> (tokio::runtime::Runtime, String) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router =
        Router::new().fallback(get(move || async move { (StatusCode::FOUND, [(header::LOCATION, target)]).into_response() }));
    runtime.spawn(async move { axum::serve(listener, router).await });
    (runtime, url)
}

fn only_status(workspace: &Workspace) -> String {
    statuses(workspace).into_keys().collect::<Vec<_>>().join(" ")
}

#[test]
fn other_ports_of_the_platforms_host_are_fetched_from_only_by_a_rule() {
    let library = Library::start(1, on_other_port);
    let (own, other) = (port(&library.addresses.platform).to_owned(), port(&library.addresses.other_port).to_owned());
    let throttle = "rate = \"unlimited\"";
    for rules in [
        String::new(),
        format!("allowed_hosts = [\"127.0.0.1:{own}\"]"),
        format!("allowed_hosts = [\"127.0.0.0/8:{own}\", \"10.0.0.0/8\"]"),
    ] {
        let workspace = library.workspace(throttle, &format!("enabled = true\n{rules}"));
        let output = workspace.run_job(&[], 0);
        assert_eq!(only_status(&workspace), "forbidden_host", "{rules}: {}", stderr(&output));
        let message = &workspace.table("files")[0]["error_message"];
        assert!(message.contains(&library.addresses.other_port) && message.contains("archive.allowed_hosts"), "{message}");
    }
    assert_eq!(library.other_requests(), 0);
    for rule in [format!("127.0.0.1:{other}"), format!("127.0.0.0/8:{other}"), "127.0.0.1".to_owned()] {
        let workspace = library.workspace(throttle, &format!("enabled = true\nallowed_hosts = [\"{rule}\"]"));
        workspace.run_job(&[], 0);
        assert_eq!(only_status(&workspace), "stored", "{rule}");
    }
    assert_eq!(library.other_requests(), 3);
}

#[test]
fn a_refused_address_is_tried_again_once_the_rules_have_changed() {
    let library = Library::start(1, on_other_port);
    let workspace = library.workspace("rate = \"unlimited\"", "enabled = true");
    workspace.run_job(&[], 0);
    let asked = library.events().len();
    fetch(&workspace, &[], 0);
    assert_eq!((library.events().len(), only_status(&workspace).as_str()), (asked, "forbidden_host"), "nothing has changed");
    let job = fs::read_to_string(workspace.path("jobs/test.toml")).unwrap();
    workspace.write_job(&format!("{job}allowed_hosts = [\"127.0.0.1:{}\"]\n", port(&library.addresses.other_port)));
    fetch(&workspace, &[], 0);
    assert_eq!(only_status(&workspace), "stored");
}

#[test]
fn redirects_and_names_are_held_to_the_same_ports() {
    let library =
        Library::start(1, |_, addresses: &Addresses| Answer::At(addresses.other_port.replace("127.0.0.1", "localhost") + "/x"));
    let other = port(&library.addresses.other_port).to_owned();
    let status = |library: &Library, rule: &str| {
        let workspace = library.workspace("rate = \"unlimited\"", &format!("enabled = true\nallowed_hosts = [\"{rule}\"]"));
        workspace.run_job(&[], 0);
        only_status(&workspace)
    };
    // A name is judged by the addresses that it leads to, on the port that is asked.
    assert_eq!(status(&library, "127.0.0.0/8:1"), "forbidden_host");
    assert_eq!(status(&library, &format!("172.20.0.0/16:{other}")), "forbidden_host");
    assert_eq!(status(&library, "localhost:1"), "forbidden_host");
    assert_eq!(library.other_requests(), 0);
    assert_eq!(status(&library, &format!("127.0.0.0/8:{other}")), "stored");
    assert_eq!(status(&library, &format!("localhost:{other}")), "stored");

    let target = Library::start(1, on_other_port);
    let (_runtime, redirect) = redirecting(format!("{}/x", target.addresses.other_port));
    let address = format!("{redirect}/x");
    let library = Library::start(1, move |_, _| Answer::At(address.clone()));
    let first = format!("127.0.0.1:{}", port(&redirect));
    assert_eq!(status(&library, &first), "forbidden_host");
    assert_eq!(target.other_requests(), 0, "a redirect leads nowhere else");
    let both = format!("{first}\", \"127.0.0.1:{}", port(&target.addresses.other_port));
    assert_eq!(status(&library, &both), "stored");
}

#[test]
fn a_call_saves_only_from_where_the_archive_fetches() {
    let library = Library::start(1, on_other_port);
    let workspace = library.workspace("rate = \"unlimited\"", "");
    let call = |code: i32| {
        let args = ["call", "ShareDownloadUrl", "--job", "jobs/test.toml", "-p", "certificateID=file-0", "--save", "got.pdf"];
        let output = workspace.run(&args);
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        stderr(&output)
    };
    assert!(call(4).contains("archive.allowed_hosts"));
    assert_eq!(library.other_requests(), 0);
    let left: Vec<_> = fs::read_dir(workspace.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name == "jobs" || name == "inputs"), "nothing half is left: {left:?}");

    let rule = format!("allowed_hosts = [\"127.0.0.1:{}\"]", port(&library.addresses.other_port));
    workspace.write_job(&library.job("rate = \"unlimited\"", &rule));
    call(0);
    assert!(fs::read(workspace.path("got.pdf")).unwrap().starts_with(b"%PDF-1.4"));

    // A redirect is checked like the address itself.
    let (_runtime, redirect) = redirecting(format!("{}/x", library.addresses.other_port));
    let rule = format!("allowed_hosts = [\"127.0.0.1:{}\"]", port(&redirect));
    let redirected = Library::start(1, move |_, _| Answer::At(redirect.clone()));
    workspace.write_job(&redirected.job("rate = \"unlimited\"", &rule));
    let before = library.other_requests();
    call(4);
    assert_eq!(library.other_requests(), before);
}
