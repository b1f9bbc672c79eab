import os

from fastapi import Depends, FastAPI
from fastapi_cognito import CognitoAuth, CognitoSettings, CognitoToken

ISSUER = os.environ["ISSUER"]
pool = {
    "region": os.environ["POOL"].split("_")[0],
    "userpool_id": os.environ["POOL"],
    "app_client_id": os.environ["CLIENT_ID"],
    "jwks_url": f"{ISSUER}/.well-known/jwks.json",
}
cognito = CognitoAuth(
    CognitoSettings(
        check_expiration=True, jwt_header_name="Authorization", jwt_header_prefix="Bearer", userpools={"keystead": pool}
    )
)
app = FastAPI()


@app.get("/")
def home(token: CognitoToken = Depends(cognito.auth_required)):
    return {"sub": token.cognito_id, "username": token.username}
