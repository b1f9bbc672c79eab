import boto3

# boto3 reads the address, the region and the keys from the environment.
cognito = boto3.client("cognito-idp")


def sign_in(client_id, username, password):
    answer = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )
    return answer["AuthenticationResult"]["AccessToken"]


def delete_passkeys(access_token):
    for passkey in cognito.list_web_authn_credentials(AccessToken=access_token)["Credentials"]:
        cognito.delete_web_authn_credential(AccessToken=access_token, CredentialId=passkey["CredentialId"])
