export const config = () => ({
  Auth: {
    Cognito: {
      userPoolId: process.env.POOL,
      userPoolClientId: process.env.CLIENT,
      userPoolEndpoint: process.env.AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER,
    },
  },
});
