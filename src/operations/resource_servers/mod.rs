//! Resource servers and their scopes.

pub(crate) mod create_resource_server;
pub(crate) mod delete_resource_server;
pub(crate) mod describe_resource_server;
pub(crate) mod list_resource_servers;
pub(crate) mod update_resource_server;

use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    store::resource_servers::{ResourceServer, Scope},
};

/// The input of operations on a resource server.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceServerId {
    user_pool_id: String,
    identifier: String,
}

/// The input of CreateResourceServer and UpdateResourceServer.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceServerInput {
    user_pool_id: String,
    identifier: String,
    name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<Scope>,
}

impl ResourceServerInput {
    /// Makes the resource server. Fails if a scope is given twice.
    fn server(self) -> Result<ResourceServer, Error> {
        let mut names: Vec<_> = self.scopes.iter().map(|scope| &scope.scope_name).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::InvalidParameter(format!("The scope {} is given twice.", twice[0]).into()));
        }
        Ok(ResourceServer { identifier: self.identifier, name: self.name, scopes: self.scopes })
    }
}

/// The service model's `ResourceServerType`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceServerType {
    user_pool_id: String,
    identifier: String,
    name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<Scope>,
}

impl ResourceServerType {
    fn of(pool_id: &str, server: ResourceServer) -> Self {
        Self {
            user_pool_id: pool_id.to_owned(),
            identifier: server.identifier,
            name: server.name,
            scopes: server.scopes,
        }
    }
}

/// A response that holds one resource server.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceServerOutput {
    resource_server: ResourceServerType,
}

fn no_such_server(identifier: &str) -> Error {
    Error::ResourceNotFound(format!("Resource server {identifier} does not exist.").into())
}
