import os

from pycognito import Cognito


def sign_in(username, password):
    user = Cognito(
        os.environ["POOL"],
        os.environ["CLIENT"],
        username=username,
        # Also where pycognito takes the issuer and the keys from: the environment's address is not enough.
        boto3_client_kwargs={"endpoint_url": os.environ["AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"]},
    )
    user.authenticate(password)
    return user
