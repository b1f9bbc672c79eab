import { JwtVerifier } from "aws-jwt-verify";
import { validateCognitoJwtFields } from "aws-jwt-verify/cognito-verifier";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";

const { ISSUER, CLIENT_ID } = process.env;

// Its own fetcher speaks https only. Leave the cache out if the issuer has https.
const fetcher = { fetch: async (uri) => (await fetch(uri)).arrayBuffer() };
const jwksCache = new SimpleJwksCache({ fetcher });

const verifier = JwtVerifier.create(
  {
    issuer: ISSUER,
    jwksUri: `${ISSUER}/.well-known/jwks.json`,
    // The audience and the kind of the token are checked as CognitoJwtVerifier does.
    audience: null,
    customJwtCheck: ({ payload }) => validateCognitoJwtFields(payload, { tokenUse: "access", clientId: CLIENT_ID }),
  },
  { jwksCache },
);

export const verifyAccessToken = (token) => verifier.verify(token);
