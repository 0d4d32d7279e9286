//! The stacks themselves, against the real servers.

use std::time::Duration;

use testkit::{Service, Stack, eventually, private_stack, stack};
use tokio::net::TcpStream;

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
