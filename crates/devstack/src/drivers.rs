//! How the drivers of the backends log in with what Vault keeps, where it takes more than a name and a password.

use std::net::SocketAddr;

use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use mongodb::options::{ClientOptions, Credential, ServerAddress};
use secrecy::ExposeSecret as _;

use crate::stack::Credentials;

impl Credentials {
    /// For lapin: RabbitMQ at `address`. Without a virtual host it is the broker's own, `/`.
    pub fn amqp_uri(&self, address: SocketAddr) -> AMQPUri {
        AMQPUri {
            scheme: AMQPScheme::AMQP,
            authority: AMQPAuthority {
                userinfo: AMQPUserInfo {
                    username: self.user.clone(),
                    password: self.password.expose_secret().to_owned(),
                },
                host: address.ip().to_string(),
                port: address.port(),
            },
            vhost: self.vhost.clone().unwrap_or_else(|| "/".to_owned()),
            query: AMQPQueryString::default(),
        }
    }

    /// For MongoDB's driver: the one server at `address`, with the login that its database knows.
    pub fn mongodb_options(&self, address: SocketAddr) -> ClientOptions {
        let mut options = mongodb_server(address);
        options.credential = Some(
            Credential::builder()
                .username(self.user.clone())
                .password(self.password.expose_secret().to_owned())
                .source(self.database.clone())
                .build(),
        );
        options
    }
}

/// The one server at `address`, without a login.
pub(crate) fn mongodb_server(address: SocketAddr) -> ClientOptions {
    ClientOptions::builder()
        .hosts(vec![ServerAddress::Tcp { host: address.ip().to_string(), port: Some(address.port()) }])
        .direct_connection(true)
        .build()
}
