//! The schema of a pool: the standard attributes, which a request may change, and custom attributes.

use std::{collections::BTreeMap, str::FromStr};

use crate::{
    error::{Error, Result},
    flows::accounts::attributes::{self, MAX_CUSTOM},
    store::pools::SchemaAttribute,
};

/// The largest value, in characters, of the length constraints of a string attribute.
const LONGEST: u64 = 2048;

/// Returns the standard attributes with the request's changes, followed by the request's custom attributes.
pub fn of_new_pool(given: Vec<SchemaAttribute>) -> Result<Vec<SchemaAttribute>> {
    let mut all = attributes::standard();
    let standard = all.len();
    for mut attribute in given {
        let fixed = |name: &str| {
            invalid(format!(
                "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute {name}"
            ))
        };
        if attribute.developer_only_attribute && all[..standard].iter().any(|known| known.name == attribute.name) {
            return fixed(&attribute.name);
        }
        // A request may leave out the type of a standard attribute, because the type is known.
        if attribute.attribute_data_type.is_empty()
            && let Some(known) = all[..standard].iter().find(|known| known.name == attribute.name)
        {
            attribute.attribute_data_type.clone_from(&known.attribute_data_type);
        }
        check(&mut attribute)?;
        let Some(known) = all[..standard].iter_mut().find(|known| known.name == attribute.name) else {
            add(&mut all, attribute)?;
            continue;
        };
        if known.attribute_data_type != attribute.attribute_data_type {
            return fixed(&attribute.name);
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

/// Adds a custom attribute under its prefixed name.
pub fn add_custom(all: &mut Vec<SchemaAttribute>, mut attribute: SchemaAttribute) -> Result<()> {
    check(&mut attribute)?;
    add(all, attribute)
}

fn add(all: &mut Vec<SchemaAttribute>, mut attribute: SchemaAttribute) -> Result<()> {
    if attribute.required {
        return invalid("Required custom attributes are not supported currently.".into());
    }
    let prefix = if attribute.developer_only_attribute { "dev:custom:" } else { "custom:" };
    let own = format!("custom:{}", attribute.name);
    attribute.name = format!("{prefix}{}", attribute.name);
    if all.iter().any(|known| known.name == attribute.name) {
        return invalid(format!("{own}: Existing attribute already has name {}.", attribute.name));
    }
    all.push(attribute);
    let custom = all.iter().filter(|known| known.name.contains(':')).count();
    if custom > MAX_CUSTOM {
        return invalid(format!("A user pool may have {MAX_CUSTOM} custom attributes."));
    }
    Ok(())
}

/// Checks an attribute in a request, and drops constraints that do not belong to the attribute's type.
fn check(attribute: &mut SchemaAttribute) -> Result<()> {
    let name = &attribute.name;
    match attribute.attribute_data_type.as_str() {
        "" => {
            return invalid(
                "Invalid AttributeDataType input, consider using the provided AttributeDataType enum.".into(),
            );
        }
        "String" => {
            let bounds = attribute.string_attribute_constraints.as_ref();
            let (min, max) = (bound::<u64>(bounds, "MinLength"), bound::<u64>(bounds, "MaxLength"));
            let (Ok(min), Ok(max)) = (min, max) else {
                return invalid(format!("Invalid StringAttributeConstraints for schema attribute {name}"));
            };
            if min.is_some_and(|min| min > LONGEST) || max.is_some_and(|max| max > LONGEST) {
                return invalid(format!("user.{name}: String attributes cannot have a length of more than {LONGEST}"));
            }
            if min > max && max.is_some() {
                return invalid(format!("user.{name}: Max length cannot be less than min length."));
            }
            attribute.number_attribute_constraints = None;
        }
        "Number" => {
            let bounds = attribute.number_attribute_constraints.as_ref();
            let (min, max) = (bound::<f64>(bounds, "MinValue"), bound::<f64>(bounds, "MaxValue"));
            let (Ok(min), Ok(max)) = (min, max) else {
                return invalid(format!("Invalid NumberAttributeConstraints for schema attribute {name}"));
            };
            if min > max && max.is_some() {
                return invalid(format!("user.{name}: Max value cannot be less than min value."));
            }
            attribute.string_attribute_constraints = None;
        }
        _ => {
            attribute.string_attribute_constraints = None;
            attribute.number_attribute_constraints = None;
        }
    }
    Ok(())
}

/// Reads a bound, if there is one; fails if it is not a number.
fn bound<N: FromStr>(bounds: Option<&BTreeMap<String, String>>, name: &str) -> std::result::Result<Option<N>, ()> {
    bounds.and_then(|bounds| bounds.get(name)).map(|text| text.parse().map_err(|_| ())).transpose()
}

fn invalid<T>(text: String) -> Result<T> {
    Err(Error::InvalidParameter(text.into()))
}
