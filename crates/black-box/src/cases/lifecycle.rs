//! Starting and stopping.

use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};

use crate::expected::{Expected, JSON};
use crate::suite::{Suite, cases};
use crate::wire::Request;
use crate::{BoxError, LIMIT, Outcome};
use testkit::{Proxies, eventually};

cases![
    on_sigterm_what_is_in_flight_is_finished_and_nothing_new_accepted,
    an_idle_connection_does_not_keep_a_server_from_ending,
    a_taken_port_is_told,
];

async fn on_sigterm_what_is_in_flight_is_finished_and_nothing_new_accepted(suite: Arc<Suite>) -> Outcome {
    let proxies = Proxies::before(suite.stack).await?;
    // Time enough for the case to see that the server is stopping; a call that hangs is what keeps it from ending.
    let launch = suite.launch().set("BACKEND_TIMEOUT_MS", "8000");
    let mut server = launch.through(&proxies).ready().await?;
    let request = Request::get("/examples/cache/nosuch");
    let expected = Expected::json(r#"{"key":"nosuch","value":null,"exists":false,"ttl":null}"#);
    server.expect(&request, expected.clone()).await?;
    proxies.stall("redis");
    let mut connection = server.connect().await?;
    connection.send(&request.bytes("localhost")).await?;
    let in_progress = async || {
        let text = server.ask(&Request::get("/metrics")).await?.text();
        let line = r#"http_requests_in_progress{method="GET",endpoint="/examples/cache/{key}"} 1"#;
        if text.contains(line) { Ok(()) } else { Err(BoxError::from("no request is in progress")) }
    };
    eventually(LIMIT, "a request that is in flight", in_progress).await?;
    server.terminate()?;
    let refused = async || match TcpStream::connect(server.http).await {
        Err(error) => Ok(error),
        Ok(_) => Err("it accepts"),
    };
    eventually(LIMIT, "a server that accepts nothing new", refused).await?;
    proxies.restore("redis").await?;
    let answer = connection.answer("GET").await?;
    server.check(&request, &expected, &answer)?;
    let status = server.end().await?;
    server.check_output()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("it ended with {status}: {}", server.output().text()).into())
    }
}

async fn an_idle_connection_does_not_keep_a_server_from_ending(suite: Arc<Suite>) -> Outcome {
    let server = suite.launch().start().await?;
    let request = Request::get("/");
    let mut used = server.connect().await?;
    let answer = used.exchange(&request).await?;
    server.check(&request, &Expected::media(JSON), &answer)?;
    let _unused = server.connect().await?;
    server.stop().await
}

async fn a_taken_port_is_told(suite: Arc<Suite>) -> Outcome {
    let taken = TcpListener::bind("127.0.0.1:0").await?;
    let address = taken.local_addr()?.to_string();
    for variable in ["HTTP_ADDR", "HTTPS_ADDR"] {
        let mut process = suite.launch().set(variable, &address).spawn()?;
        let status = process.end().await?;
        let said = process.output.text();
        let is_told = said.contains(&address) && said.contains(variable);
        if status.code() != Some(1) || !is_told {
            return Err(format!("{variable}: it ended with {status} and said: {said}").into());
        }
    }
    Ok(())
}
