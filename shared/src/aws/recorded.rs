//! Answers in AWS's wire format, played to the adapters by a server of one thread.
//!
//! `tests/answers` has them, made from botocore's models: another hand than the local AWS's. What the adapters
//! ask goes over a socket, so that requests, errors and paging are the SDK's own.

mod ec2;
mod errors;
mod once;
mod route53;

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_sdk_ec2::config::Credentials;
use tracing_subscriber::fmt::MakeWriter;

use super::clients::Aws;
use super::session::Session;
use crate::config::Config;
use crate::worker::Worker;

const ACCOUNT: &str = "111122223333";

/// A recorded answer by its path in `tests/answers`, with its status.
macro_rules! recorded {
    ($($name:literal),+) => {
        vec![$((200, include_str!(concat!("../../../../tests/answers/", $name, ".xml")))),+]
    };
}
use recorded;

/// Plays answers, one after the other, and keeps what was asked.
struct Player {
    worker: Worker<Aws>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Player {
    /// The production clients, led to a server that gives these answers in their order.
    async fn of(answers: Vec<(u16, &'static str)>) -> Player {
        Player::retrying(answers, RetryConfig::disabled()).await
    }

    /// The same for clients that try again by themselves.
    async fn retrying(answers: Vec<(u16, &'static str)>, retries: RetryConfig) -> Player {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        thread::spawn(move || {
            let mut answers = VecDeque::from(answers);
            while let (Some((status, body)), Ok((mut stream, _))) = (answers.pop_front(), listener.accept()) {
                heard.lock().expect("a list").push(request(&mut stream));
                answer(&mut stream, status, body);
            }
        });
        let loader = aws_config::defaults(BehaviorVersion::latest()).endpoint_url(url);
        let loader = loader.region("us-west-2").retry_config(retries);
        let keys = Credentials::new(ACCOUNT, "secret", None, None, "a test");
        let session = Session::of(loader.credentials_provider(keys).load().await);
        Player { worker: Worker::with(&session, config()), asked }
    }

    /// The lines and bodies of the requests so far.
    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("a list").clone()
    }
}

fn config() -> Config {
    let lookup = |name: &str| match name {
        "ACCOUNT_ID" => Some(ACCOUNT.to_owned()),
        "AWS_REGION" => Some("us-west-2".to_owned()),
        "TABLE_NAME" | "QUEUE_URL" | "STACK_NAME" | "CLIENT_ROLE_NAME" => Some("zonelink".to_owned()),
        _ => None,
    };
    Config::from_lookup(lookup).expect("a configuration")
}

/// The first line and the body of a request.
fn request(stream: &mut TcpStream) -> String {
    let (mut read, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or_default() {
                return format!("{} {body}", head.lines().next().unwrap_or_default());
            }
        }
        match stream.read(&mut chunk) {
            Ok(some) if some > 0 => read.extend_from_slice(&chunk[..some]),
            _ => return text,
        }
    }
}

fn answer(stream: &mut TcpStream, status: u16, body: &str) {
    let head = format!(
        "HTTP/1.1 {status} OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).expect("a client that listens");
}

/// What is logged while this is kept.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Logged {
    fn here() -> (Logged, tracing::subscriber::DefaultGuard) {
        let logged = Logged::default();
        let lines = tracing_subscriber::fmt().with_writer(logged.clone()).with_ansi(false);
        let lines = lines.with_max_level(tracing::Level::WARN);
        (logged, tracing::subscriber::set_default(lines.finish()))
    }

    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.0.lock().expect("bytes")).into_owned();
        text.lines().map(str::to_owned).collect()
    }
}

impl Write for Logged {
    fn write(&mut self, some: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("bytes").extend_from_slice(some);
        Ok(some.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Logged {
    type Writer = Logged;

    fn make_writer(&'a self) -> Logged {
        self.clone()
    }
}

/// An id of the answers, whose numbers count from zero.
fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(kind: &str, number: usize) -> T {
    format!("{kind}-{number:017x}").parse().expect("an id")
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect(text)
}
