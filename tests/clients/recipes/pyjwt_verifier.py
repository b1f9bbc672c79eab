import os

import jwt

ISSUER, CLIENT_ID = os.environ["ISSUER"], os.environ["CLIENT_ID"]
keys = jwt.PyJWKClient(f"{ISSUER}/.well-known/jwks.json")


def verify_access_token(token):
    key = keys.get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key, algorithms=["RS256"], issuer=ISSUER, options={"require": ["exp", "iss"]})
    # An access token has no audience. It names the app client in a claim of its own.
    if claims["token_use"] != "access" or claims["client_id"] != CLIENT_ID:
        raise jwt.InvalidTokenError("a token for something else")
    return claims


def verify_id_token(token):
    key = keys.get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key, algorithms=["RS256"], issuer=ISSUER, audience=CLIENT_ID)
    if claims["token_use"] != "id":
        raise jwt.InvalidTokenError("not an ID token")
    return claims
