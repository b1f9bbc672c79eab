aws cognito-idp admin-create-user --user-pool-id $POOL --username grace --message-action SUPPRESS \
  --user-attributes Name=email,Value=grace@example.com Name=email_verified,Value=true
aws cognito-idp admin-set-user-password --user-pool-id $POOL --username grace --password 'Passw0rd!' --permanent
