// Tells the browser's passkey manager which passkeys are still accepted, so that it stops offering deleted ones.
// Call after a sign-in, and after adding, renaming or deleting a passkey:
//   import { signalPasskeys } from 'https://id.example.com/assets/keystead-passkeys.js';
//   await signalPasskeys('https://id.example.com', accessToken);
// Resolves to what was signalled: [] where the browser knows no signals. Rejects when Keystead refuses the token.
const signal = async (name, details) => {
  const known = typeof PublicKeyCredential !== 'undefined' && PublicKeyCredential[name];
  if (!known) return [];
  await PublicKeyCredential[name](details);
  return [name];
};

export const signalPasskeys = async (endpoint, AccessToken) => {
  const answer = await fetch(new URL('/', endpoint), {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'KeysteadService.GetPasskeySignals' },
    body: JSON.stringify({ AccessToken }),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${body.__type}: ${body.message}`);
  const rpId = body.RelyingPartyId, userId = body.UserId, details = body.CurrentUserDetails;
  const allAcceptedCredentialIds = body.AllAcceptedCredentialIds;
  const done = await signal('signalAllAcceptedCredentials', { rpId, userId, allAcceptedCredentialIds });
  if (!details) return done;
  const named = { rpId, userId, name: details.Name, displayName: details.DisplayName };
  return [...done, ...(await signal('signalCurrentUserDetails', named))];
};

// For a passkey that a sign-in did not know (the ID in base64url).
export const signalUnknownPasskey = (rpId, credentialId) =>
  signal('signalUnknownCredential', { rpId, credentialId });
