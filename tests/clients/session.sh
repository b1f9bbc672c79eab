# The README's session: a person signs in with a password, makes a passkey, signs in with it, deletes it.
aws cognito-idp admin-create-user --user-pool-id $POOL --username ada --message-action SUPPRESS
aws cognito-idp admin-set-user-password --user-pool-id $POOL --username ada --password 'Passw0rd!' --permanent

TOKEN=$(aws cognito-idp initiate-auth --client-id $CLIENT --auth-flow USER_PASSWORD_AUTH \
  --auth-parameters USERNAME=ada,PASSWORD='Passw0rd!' --query AuthenticationResult.AccessToken --output text)

aws cognito-idp start-web-authn-registration --access-token $TOKEN --query CredentialCreationOptions --output json |
  keystead dev authenticator create > credential.json
aws cognito-idp complete-web-authn-registration --access-token $TOKEN --credential file://credential.json
ID=$(aws cognito-idp list-web-authn-credentials --access-token $TOKEN --query 'Credentials[0].CredentialId' --output text)

aws cognito-idp initiate-auth --client-id $CLIENT --auth-flow USER_AUTH \
  --auth-parameters USERNAME=ada,PREFERRED_CHALLENGE=WEB_AUTHN > challenge.json
python3 -c 'import json; print(json.load(open("challenge.json"))["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])' |
  keystead dev authenticator get > assertion.json
python3 -c 'import json; print(json.dumps({"USERNAME": "ada", "CREDENTIAL": open("assertion.json").read()}))' > responses.json
TOKEN=$(aws cognito-idp respond-to-auth-challenge --client-id $CLIENT --challenge-name WEB_AUTHN \
  --session=$(python3 -c 'import json; print(json.load(open("challenge.json"))["Session"])') \
  --challenge-responses file://responses.json --query AuthenticationResult.AccessToken --output text)

aws cognito-idp list-web-authn-credentials --access-token $TOKEN
aws cognito-idp delete-web-authn-credential --access-token $TOKEN --credential-id=$ID
aws cognito-idp list-web-authn-credentials --access-token $TOKEN
