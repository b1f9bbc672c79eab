import os

import cognitojwt

ISSUER, CLIENT_ID = os.environ["ISSUER"], os.environ["CLIENT_ID"]
os.environ["AWS_COGNITO_JWKS_PATH"] = f"{ISSUER}/.well-known/jwks.json"


def verify_access_token(token):
    region, _ = os.environ["POOL"].split("_")
    claims = cognitojwt.decode(token, region, os.environ["POOL"], app_client_id=CLIENT_ID)
    # cognitojwt does not look at these two.
    if claims["iss"] != ISSUER or claims["token_use"] != "access":
        raise cognitojwt.CognitoJWTException("a token for something else")
    return claims
