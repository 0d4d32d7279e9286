//! `shell`: a server's own command line client, logged in. Passwords go by environment, never by argument.

use std::process::{ExitCode, Stdio};

use secrecy::ExposeSecret as _;
use tokio::process::Command;

use crate::error::Error;
use crate::install::{self, Program};
use crate::manifest::Service;
use crate::{Stack, environment_variable};

pub(super) async fn open(stack: &Stack, service: Service, arguments: &[String]) -> Result<ExitCode, Error> {
    let mut command = client(stack, service).await?;
    let program = command.as_std().get_program().to_owned();
    let status = command
        .args(arguments)
        .stdin(Stdio::inherit())
        .status()
        .await
        .map_err(|source| Error::io("run", std::path::Path::new(&program), source))?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

async fn client(stack: &Stack, service: Service) -> Result<Command, Error> {
    let program = |program: Program| {
        install::locate(program, &environment_variable)
            .map(|located| Command::new(located.path))
            .ok_or(Error::NoClient { service, program })
    };
    let address = stack.address(service);
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    Ok(match service {
        Service::Vault => {
            // Our own build is a server only; then the shell is the user's, with what `curl` or `vault` need.
            let shell = environment_variable("SHELL").unwrap_or_else(|| "/bin/sh".to_owned());
            let mut command = Command::new(shell);
            command.env("VAULT_ADDR", format!("http://{address}")).env("VAULT_TOKEN", stack.root_token()?);
            command
        }
        Service::Postgres | Service::Pgbouncer => {
            let login = stack.credentials(Service::Postgres).await?;
            let mut command = program(Program::Psql)?;
            command
                .args(["-h", &host, "-p", &port, "-U", &login.user])
                .env("PGPASSWORD", login.password.expose_secret())
                .env("PGDATABASE", login.database.unwrap_or_default());
            command
        }
        Service::Mysql => {
            let login = stack.credentials(service).await?;
            let mut command = program(Program::MysqlClient)?;
            command
                .args(["--no-defaults", "--protocol=tcp", "-h", &host, "-P", &port, "-u", &login.user])
                .args(["-D", &login.database.unwrap_or_default()])
                .env("MYSQL_PWD", login.password.expose_secret());
            command
        }
        Service::Mongodb => {
            let login = stack.credentials(service).await?;
            let database = login.database.unwrap_or_default();
            let mut command = program(Program::Mongosh)?;
            // The shell reads no password from its environment by itself; this line makes it.
            let script =
                "db.getMongo().getDB(process.env.DB).auth(process.env.DB_USER, process.env.DB_PASSWORD)";
            command
                .args(["--quiet", "--host", &host, "--port", &port, "--eval", script, "--shell", &database])
                .env("DB", &database)
                .env("DB_USER", login.user)
                .env("DB_PASSWORD", login.password.expose_secret());
            command
        }
        Service::Redis1 | Service::Redis2 | Service::Redis3 => {
            let login = stack.credentials(service).await?;
            let mut command = program(Program::RedisCli)?;
            command
                .args(["-c", "-h", &host, "-p", &port])
                .env("REDISCLI_AUTH", login.password.expose_secret());
            command
        }
        Service::Rabbitmq => return Err(Error::NoShell { service }),
    })
}
