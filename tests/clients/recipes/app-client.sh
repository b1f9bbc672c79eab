export APP_URL=${APP_URL:-http://localhost:3000} CALLBACK=${CALLBACK:-/callback}

set -- $(aws cognito-idp create-user-pool-client --user-pool-id $POOL --client-name web --generate-secret \
  --allowed-o-auth-flows-user-pool-client --allowed-o-auth-flows code --allowed-o-auth-scopes openid email profile \
  --callback-urls "[\"$APP_URL$CALLBACK\"]" --logout-urls "[\"$APP_URL\", \"$APP_URL/\"]" \
  --query 'UserPoolClient.[ClientId, ClientSecret]' --output text)
export CLIENT_ID=$1 CLIENT_SECRET=$2
