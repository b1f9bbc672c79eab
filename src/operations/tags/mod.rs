//! Operations on the tags of user pools, which are the `UserPoolTags` of a pool's configuration.

pub(crate) mod list_tags_for_resource;
pub(crate) mod tag_resource;
pub(crate) mod untag_resource;

use serde_json::{Map, Value};

use crate::{
    app::App,
    error::{Error, Result},
    operations::pools::arn,
    store::pools::Pool,
};

/// The maximum number of tags of a pool.
const MAX_TAGS: usize = 50;

/// Returns the ID of the pool that has this ARN. Fails if it is not the ARN of a pool on this server.
fn pool_id<'a>(app: &App, resource_arn: &'a str) -> Result<&'a str> {
    let pool_id = resource_arn.rsplit('/').next().unwrap_or_default();
    if resource_arn == arn(app, pool_id) {
        return Ok(pool_id);
    }
    Err(Error::InvalidParameter("ResourceArn: not the ARN of a user pool here; DescribeUserPool shows it.".into()))
}

/// Returns a pool's tags, for reading or changing.
fn tags(pool: &mut Pool) -> &mut Map<String, Value> {
    let tags = pool.settings.rest.entry("UserPoolTags").or_insert_with(|| Value::Object(Map::new()));
    if !tags.is_object() {
        *tags = Value::Object(Map::new());
    }
    tags.as_object_mut().expect("made one above")
}
