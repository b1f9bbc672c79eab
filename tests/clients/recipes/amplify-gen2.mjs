import { Amplify } from "aws-amplify";
import { parseAmplifyConfig } from "aws-amplify/utils";
import outputs from "./amplify_outputs.json";

const config = parseAmplifyConfig(outputs);
config.Auth.Cognito.userPoolEndpoint = process.env.AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER;
Amplify.configure(config);
