/**
 * CloudFormation templates: their parameters, conditions, intrinsic functions, and the order of their resources.
 *
 * The reference is the "Intrinsic function reference" of the AWS CloudFormation user guide.
 */

export const REGION = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? "us-east-1";
export const ACCOUNT = "000000000000";
/** The server's URL, as the SDK finds it. */
export const ENDPOINT = (process.env.AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER || process.env.AWS_ENDPOINT_URL)?.replace(
  /\/+$/,
  "",
);

const NO_VALUE = Symbol("AWS::NoValue");

/** The values of a template's parameters: those given, or the defaults. */
function parameters(template, given) {
  const values = {};
  for (const [name, { Type, Default, AllowedValues }] of Object.entries(template.Parameters ?? {})) {
    const value = given[name] ?? Default;
    if (value === undefined) throw new Error(`The parameter ${name} has no value: give it one with --parameter ${name}=…`);
    if (AllowedValues && !AllowedValues.map(String).includes(String(value))) {
      throw new Error(`The parameter ${name} is ${value}: it must be one of ${AllowedValues.join(", ")}`);
    }
    const isList = Type === "CommaDelimitedList" || Type.startsWith("List<");
    values[name] =
      isList && !Array.isArray(value)
        ? String(value)
            .split(",")
            .map((one) => one.trim())
        : value;
  }
  return values;
}

/** A template with everything that its expressions refer to. */
export class Template {
  /**
   * @param template the parsed template
   * @param given values of its parameters
   * @param lookup `lookup(logicalId, attribute)`, the value of Ref (without an attribute) or Fn::GetAtt of a resource that
   *   was made
   */
  constructor(template, { stackName, parameters: given = {}, lookup }) {
    this.template = template;
    this.lookup = lookup;
    this.values = {
      ...parameters(template, given),
      "AWS::AccountId": ACCOUNT,
      "AWS::NoValue": NO_VALUE,
      "AWS::NotificationARNs": [],
      "AWS::Partition": "aws",
      "AWS::Region": REGION,
      "AWS::StackId": `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${stackName}/0`,
      "AWS::StackName": stackName,
      "AWS::URLSuffix": "amazonaws.com",
    };
  }

  /** The resources whose condition is met. */
  resources() {
    const all = Object.entries(this.template.Resources);
    return new Map(all.filter(([, resource]) => !resource.Condition || this.condition(resource.Condition)));
  }

  outputs() {
    const met = Object.entries(this.template.Outputs ?? {}).filter(([, one]) => !one.Condition || this.condition(one.Condition));
    return Object.fromEntries(met.map(([name, one]) => [name, this.resolve(one.Value)]));
  }

  condition(name) {
    if (!(name in (this.template.Conditions ?? {}))) throw new Error(`The template has no condition ${name}`);
    return this.resolve(this.template.Conditions[name]);
  }

  /** The value of an expression. What is `AWS::NoValue` is left out of objects and lists. */
  resolve(value) {
    if (Array.isArray(value)) return value.map((one) => this.resolve(one)).filter((one) => one !== NO_VALUE);
    if (value === null || typeof value !== "object") return value;
    const [[name, argument] = [], ...more] = Object.entries(value);
    if (more.length === 0 && this.isFunction(name)) return this.call(name, argument);
    const members = Object.entries(value).map(([key, one]) => [key, this.resolve(one)]);
    return Object.fromEntries(members.filter(([, one]) => one !== NO_VALUE));
  }

  isFunction(name) {
    return name === "Ref" || name === "Condition" || name?.startsWith("Fn::");
  }

  ref(name) {
    return name in this.values ? this.values[name] : this.lookup(name);
  }

  call(name, argument) {
    const args = () => this.resolve(argument);
    switch (name) {
      case "Ref":
        return this.ref(argument);
      case "Condition":
        return this.condition(argument);
      case "Fn::GetAtt": {
        const [id, ...path] = Array.isArray(argument) ? argument : argument.split(".");
        return this.lookup(id, this.resolve(path).join("."));
      }
      case "Fn::Join": {
        const [separator, parts] = args();
        return parts.join(separator);
      }
      case "Fn::Sub": {
        const [text, own] = Array.isArray(argument) ? argument : [argument, {}];
        return text.replace(/\$\{(!?)([^}]+)\}/g, (_, literal, inner) => {
          if (literal) return `\${${inner}}`;
          if (inner in own) return this.resolve(own[inner]);
          return inner.includes(".") ? this.call("Fn::GetAtt", inner) : this.ref(inner);
        });
      }
      case "Fn::If": {
        const [condition, yes, no] = argument;
        return this.resolve(this.condition(condition) ? yes : no);
      }
      case "Fn::Equals": {
        const [one, other] = args();
        return String(one) === String(other);
      }
      case "Fn::And":
        return args().every(Boolean);
      case "Fn::Or":
        return args().some(Boolean);
      case "Fn::Not":
        return !args()[0];
      case "Fn::Select": {
        const [index, list] = args();
        return list[index];
      }
      case "Fn::Split": {
        const [separator, text] = args();
        return text.split(separator);
      }
      case "Fn::FindInMap": {
        const [map, key, inner] = args();
        return this.template.Mappings[map][key][inner];
      }
      case "Fn::Base64":
        return Buffer.from(args()).toString("base64");
      default:
        throw new Error(`${name} is not supported here; add it to Template.call`);
    }
  }

  /** The logical IDs, each after those that it needs (by Ref, Fn::GetAtt, Fn::Sub or DependsOn). */
  order() {
    const resources = this.resources();
    const sorted = new Set();
    const visiting = new Set();
    const visit = (id) => {
      if (sorted.has(id)) return;
      if (visiting.has(id)) throw new Error(`The resources ${[...visiting].join(", ")} need each other`);
      visiting.add(id);
      const { Properties, DependsOn = [] } = resources.get(id);
      for (const needed of [...[DependsOn].flat(), ...references(Properties)]) if (resources.has(needed)) visit(needed);
      visiting.delete(id);
      sorted.add(id);
    };
    for (const id of resources.keys()) visit(id);
    return [...sorted];
  }
}

/** The names that an expression refers to. */
function references(value) {
  if (Array.isArray(value)) return value.flatMap(references);
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, argument]) => {
    if (name === "Ref") return [argument];
    if (name === "Fn::GetAtt") return [Array.isArray(argument) ? argument[0] : argument.split(".")[0]];
    if (name === "Fn::Sub") {
      const text = Array.isArray(argument) ? argument[0] : argument;
      return [...text.matchAll(/\$\{([^!}.]+)/g)].map(([, inner]) => inner).concat(references(argument));
    }
    return references(argument);
  });
}
