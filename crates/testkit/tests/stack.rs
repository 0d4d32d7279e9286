//! The stacks themselves, against the real servers.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use testkit::{Service, Stack, eventually, private_stack, stack};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

const LIMIT: Duration = Duration::from_secs(30);

async fn listens(stack: &Stack, service: Service) -> bool {
    TcpStream::connect(stack.address(service)).await.is_ok()
}

#[tokio::test]
async fn the_shared_stack_is_healthy_and_the_same_for_all() -> Result<(), BoxError> {
    let (one, other) = tokio::try_join!(stack(), stack())?;
    assert!(std::ptr::eq(one, other));
    for service in one.health().await {
        assert!(service.healthy, "{service:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_private_stack_can_be_harmed_and_leaves_nothing_behind() -> Result<(), BoxError> {
    let private = private_stack(&[Service::Redis1]).await?;
    let shared = stack().await?;
    assert_ne!(private.stack().address(Service::Redis1), shared.address(Service::Redis1));
    assert!(listens(private.stack(), Service::Redis1).await);

    private.stack().kill(Service::Redis1).await?;
    let dead =
        async || if listens(private.stack(), Service::Redis1).await { Err("it listens") } else { Ok(()) };
    eventually(LIMIT, "the killed node", dead).await?;
    assert!(listens(shared, Service::Redis1).await);

    let address = private.stack().address(Service::Redis2);
    let home = private.stack().home().to_owned();
    private.close().await?;
    assert!(TcpStream::connect(address).await.is_err());
    assert!(!home.exists());
    Ok(())
}

#[tokio::test]
async fn a_private_stack_that_is_dropped_is_taken_down_too() -> Result<(), BoxError> {
    let private = private_stack(&[Service::Vault]).await?;
    let address = private.stack().address(Service::Vault);
    let home = private.stack().home().to_owned();
    assert!(TcpStream::connect(address).await.is_ok());
    drop(private);
    assert!(TcpStream::connect(address).await.is_err());
    assert!(!home.exists());
    Ok(())
}

/// Set in the process that is to be killed.
const TO_BE_KILLED: &str = "TESTKIT_TO_BE_KILLED";
const HOME: &str = "the home is ";

#[tokio::test]
#[expect(clippy::print_stdout, reason = "how the process that is killed tells its parent what it made")]
async fn what_a_killed_run_leaves_behind_is_taken_down_by_the_next_one() -> Result<(), BoxError> {
    let name = "what_a_killed_run_leaves_behind_is_taken_down_by_the_next_one";
    #[expect(clippy::disallowed_methods, reason = "no setting, but the way to tell parent and child apart")]
    if std::env::var(TO_BE_KILLED).is_ok() {
        let private = private_stack(&[Service::Vault]).await?;
        println!("{HOME}{}", private.stack().home().display());
        return std::future::pending().await;
    }
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--exact", name, "--nocapture"])
        .env(TO_BE_KILLED, "1")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    let home = timeout(LIMIT, async {
        while let Some(line) = lines.next_line().await? {
            if let Some((_, home)) = line.split_once(HOME) {
                return Ok(PathBuf::from(home));
            }
        }
        Err::<_, BoxError>("the process told no home".into())
    })
    .await??;
    child.kill().await?;
    let left_behind = Stack::open(&home).await?.ok_or("it left no stack")?;
    assert!(listens(&left_behind, Service::Vault).await);

    private_stack(&[Service::Vault]).await?.close().await?;
    // Or by another test's private stack, which may have come first and be at it.
    let gone = async || if home.exists() { Err("it is there") } else { Ok(()) };
    eventually(LIMIT, "the end of what was left behind", gone).await?;
    assert!(!listens(&left_behind, Service::Vault).await);
    Ok(())
}
