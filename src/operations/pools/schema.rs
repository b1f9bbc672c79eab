//! The attributes of a pool: the standard ones, as a request changes them, and custom ones.

use crate::{
    error::{Error, Result},
    flows::attributes::{self, MAX_CUSTOM},
    store::pools::SchemaAttribute,
};

/// The standard attributes, with what the request says of them, and the request's custom ones.
pub fn of_new_pool(given: Vec<SchemaAttribute>) -> Result<Vec<SchemaAttribute>> {
    let mut all = attributes::standard();
    let standard = all.len();
    for attribute in given {
        let Some(known) = all[..standard].iter_mut().find(|known| known.name == attribute.name) else {
            add_custom(&mut all, attribute)?;
            continue;
        };
        if known.attribute_data_type != attribute.attribute_data_type {
            let text = format!("{}: the type of a standard attribute cannot be changed.", attribute.name);
            return Err(Error::InvalidParameter(text.into()));
        }
        known.required |= attribute.required;
        known.mutable &= attribute.mutable;
        known.string_attribute_constraints =
            attribute.string_attribute_constraints.or(known.string_attribute_constraints.take());
        known.number_attribute_constraints =
            attribute.number_attribute_constraints.or(known.number_attribute_constraints.take());
    }
    Ok(all)
}

/// Adds a custom attribute, with its prefix.
pub fn add_custom(all: &mut Vec<SchemaAttribute>, mut attribute: SchemaAttribute) -> Result<()> {
    let invalid = |text: String| Err(Error::InvalidParameter(text.into()));
    if attribute.required {
        return invalid("Required custom attributes are not supported currently.".into());
    }
    let prefix = if attribute.developer_only_attribute { "dev:" } else { "custom:" };
    attribute.name = format!("{prefix}{}", attribute.name.trim_start_matches(prefix));
    if all.iter().any(|known| known.name == attribute.name) {
        return invalid(format!("{}: the attribute exists already.", attribute.name));
    }
    all.push(attribute);
    let custom = all.iter().filter(|known| known.name.contains(':')).count();
    if custom > MAX_CUSTOM {
        return invalid(format!("A user pool may have {MAX_CUSTOM} custom attributes."));
    }
    Ok(())
}
